#include "collectors/packet/capture/ring.h"

#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstddef>
#include <ctime>
#include <string>
#include <utility>

namespace tocsin::collectors {

namespace {

constexpr std::uint32_t magic = 0x54524731;  // "TRG1"
constexpr std::uint32_t page = 4096;
constexpr std::uint32_t block_size_most = 1U << 20;
constexpr std::uint32_t block_size_preferred_count = 16;
// Block header, frame header, link-level address and the alignment between them.
constexpr std::uint32_t frame_overhead = 256;
constexpr std::uint32_t snapshot_least = 64;
constexpr std::uint32_t snapshot_most = 1U << 20;

std::uint32_t checksum(const RingGeometry& g) noexcept {
  return g.block_size + g.block_count + g.snapshot_length + g.link_type + g.interface;
}

Result<void> check(const RingGeometry& g) {
  const bool usable = g.block_size >= page && g.block_size % page == 0 && g.block_count >= 2 &&
                      g.bytes() <= RingGeometry::bytes_most && g.snapshot_length >= snapshot_least &&
                      g.snapshot_length <= snapshot_most;
  if (!usable) return fail(Code::invalid, "the ring geometry is not usable; opener and daemon must be of one version");
  return {};
}

std::uint32_t* status_word(std::uint8_t* block) noexcept {
  return &reinterpret_cast<tpacket_block_desc*>(block)->hdr.bh1.block_status;
}

}  // namespace

std::vector<std::uint8_t> RingGeometry::encode() const {
  std::vector<std::uint8_t> out;
  out.reserve(encoded_size);
  for (const auto word : {magic, block_size, block_count, snapshot_length, link_type, interface, checksum(*this)})
    for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<std::uint8_t>(word >> shift));
  return out;
}

Result<RingGeometry> RingGeometry::decode(Bytes bytes) {
  ByteReader reader(bytes);
  const bool known = reader.u32() == magic;
  RingGeometry geometry;
  geometry.block_size = reader.u32();
  geometry.block_count = reader.u32();
  geometry.snapshot_length = reader.u32();
  geometry.link_type = reader.u32();
  geometry.interface = reader.u32();
  const bool intact = reader.u32() == checksum(geometry);
  if (!reader.ok() || reader.remaining() != 0 || !known || !intact)
    return fail(Code::invalid, "this is no ring geometry; opener and daemon must be of one version");
  TOCSIN_CHECK(check(geometry));
  return geometry;
}

Result<RingGeometry> plan_ring(std::uint64_t ring_bytes, std::uint32_t snapshot_length) {
  if (snapshot_length < snapshot_least || snapshot_length > snapshot_most)
    return fail(Code::invalid, "the snapshot length must be " + std::to_string(snapshot_least) + " to " +
                                   std::to_string(snapshot_most) + " bytes, not " + std::to_string(snapshot_length));
  if (ring_bytes < RingGeometry::bytes_least || ring_bytes > RingGeometry::bytes_most)
    return fail(Code::invalid, "the ring must have " + std::to_string(RingGeometry::bytes_least) + " to " +
                                   std::to_string(RingGeometry::bytes_most) + " bytes, not " +
                                   std::to_string(ring_bytes));
  const std::uint32_t least = std::max(page, std::bit_ceil(snapshot_length + frame_overhead));
  const auto wanted =
      static_cast<std::uint32_t>(std::min<std::uint64_t>(ring_bytes / block_size_preferred_count, block_size_most));
  RingGeometry geometry;
  geometry.block_size = std::max(least, std::bit_floor(std::max(wanted, page)));
  geometry.block_count = static_cast<std::uint32_t>(ring_bytes / geometry.block_size);
  geometry.snapshot_length = snapshot_length;
  if (geometry.block_count < 2)
    return fail(Code::invalid, "a ring of " + std::to_string(ring_bytes) + " bytes cannot hold two frames of " +
                                   std::to_string(snapshot_length) + " bytes; give it at least " +
                                   std::to_string(2ULL * least) + " or lower the snapshot length");
  return geometry;
}

Result<PacketRing> PacketRing::map(int descriptor, const RingGeometry& geometry) {
  PacketRing ring(descriptor, geometry, nullptr);
  TOCSIN_CHECK(check(geometry));
  int version = -1;
  socklen_t size = sizeof version;
  if (::getsockopt(descriptor, SOL_PACKET, PACKET_VERSION, &version, &size) != 0)
    return fail_errno("cannot use the descriptor as a packet socket", errno);
  if (version != TPACKET_V3) return fail(Code::invalid, "the packet socket has no version 3 ring");
  void* memory = ::mmap(nullptr, geometry.bytes(), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  if (memory == MAP_FAILED) {
    // The kernel maps the whole ring or nothing: a wrong size is an error of its own.
    if (errno == EINVAL) return fail(Code::invalid, "the ring has another size than its geometry says");
    return fail_errno("cannot map the packet ring", errno);
  }
  ring.memory_ = static_cast<std::uint8_t*>(memory);
  return ring;
}

PacketRing::PacketRing(PacketRing&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      geometry_(other.geometry_),
      memory_(std::exchange(other.memory_, nullptr)),
      next_block_(other.next_block_),
      down_(other.down_),
      statistics_(other.statistics_) {}

PacketRing& PacketRing::operator=(PacketRing&& other) noexcept {
  if (this == &other) return *this;
  release();
  descriptor_ = std::exchange(other.descriptor_, -1);
  geometry_ = other.geometry_;
  memory_ = std::exchange(other.memory_, nullptr);
  next_block_ = other.next_block_;
  down_ = other.down_;
  statistics_ = other.statistics_;
  return *this;
}

PacketRing::~PacketRing() { release(); }

void PacketRing::release() noexcept {
  if (memory_ != nullptr) ::munmap(memory_, geometry_.bytes());
  if (descriptor_ >= 0) ::close(descriptor_);
  memory_ = nullptr;
  descriptor_ = -1;
}

Result<std::size_t> PacketRing::poll(Duration patience, const FrameCallback& callback) {
  TOCSIN_TRY(const std::size_t ready, drain(callback));
  if (ready != 0) return ready;
  // What was captured before a failure is given before the failure is.
  auto waited = wait(patience);
  TOCSIN_TRY(const std::size_t frames, drain(callback));
  if (frames != 0) return frames;  // a failure read meanwhile is kept in `down_`
  if (!waited) return std::unexpected<Error>(std::move(waited).error());
  // The kernel tells of it once; it stays true until the interface is up.
  if (down_ && !interface_up()) return interface_failed(ENETDOWN);
  down_ = false;
  return frames;
}

bool PacketRing::interface_up() const noexcept {
  ifreq request{};
  request.ifr_ifindex = static_cast<int>(geometry_.interface);
  return ::ioctl(descriptor_, SIOCGIFNAME, &request) == 0 && ::ioctl(descriptor_, SIOCGIFFLAGS, &request) == 0 &&
         (request.ifr_flags & IFF_UP) != 0;
}

Result<std::size_t> PacketRing::drain(const FrameCallback& callback) {
  const auto before = statistics_.delivered;
  for (std::uint32_t turn = 0; turn < geometry_.block_count; ++turn) {
    std::uint8_t* block = memory_ + std::size_t{next_block_} * geometry_.block_size;
    // Acquire: the frames were written before the status. Release: they were read before it goes back.
    const std::uint32_t status = __atomic_load_n(status_word(block), __ATOMIC_ACQUIRE);
    if ((status & TP_STATUS_USER) == 0) break;
    ++statistics_.blocks;
    if ((status & TP_STATUS_LOSING) != 0) ++statistics_.losing_blocks;
    auto given = give_block(block, callback);
    __atomic_store_n(status_word(block), std::uint32_t{TP_STATUS_KERNEL}, __ATOMIC_RELEASE);
    next_block_ = (next_block_ + 1) % geometry_.block_count;
    if (!given) return std::unexpected<Error>(std::move(given).error());
  }
  return statistics_.delivered - before;
}

// The offsets come from the kernel; they are checked all the same, since a wrong geometry would make them ours.
Result<void> PacketRing::give_block(const std::uint8_t* block, const FrameCallback& callback) {
  const auto& header = reinterpret_cast<const tpacket_block_desc*>(block)->hdr.bh1;
  std::size_t at = header.offset_to_first_pkt;
  for (std::uint32_t i = 0; i < header.num_pkts; ++i) {
    if (at % alignof(tpacket3_hdr) != 0 || at + sizeof(tpacket3_hdr) > geometry_.block_size)
      return fail(Code::invalid, "the packet ring does not have the shape that its geometry says");
    const auto& packet = *reinterpret_cast<const tpacket3_hdr*>(block + at);
    if (at + packet.tp_mac + packet.tp_snaplen > geometry_.block_size)
      return fail(Code::invalid, "the packet ring does not have the shape that its geometry says");
    RawFrame frame;
    frame.time = Time{std::chrono::seconds(packet.tp_sec) + Duration(packet.tp_nsec)};
    frame.number = ++statistics_.delivered;
    frame.interface = geometry_.interface;
    frame.link_type = geometry_.link_type;
    frame.wire_length = packet.tp_len;
    frame.bytes = {block + at + packet.tp_mac, packet.tp_snaplen};
    if ((packet.tp_status & TP_STATUS_VLAN_VALID) != 0)
      frame.vlan_tci = static_cast<std::uint16_t>(packet.hv1.tp_vlan_tci);
    frame.checksum_pending = (packet.tp_status & TP_STATUS_CSUMNOTREADY) != 0;
    statistics_.delivered_bytes += packet.tp_snaplen;
    if (packet.tp_snaplen < packet.tp_len) ++statistics_.truncated;
    callback(frame);
    at += packet.tp_next_offset;
  }
  return {};
}

Result<void> PacketRing::wait(Duration patience) {
  pollfd watched{descriptor_, POLLIN, 0};
  const auto whole = std::chrono::floor<std::chrono::seconds>(std::max(patience, Duration::zero()));
  const timespec timeout{static_cast<time_t>(whole.count()),
                         static_cast<long>((std::max(patience, Duration::zero()) - whole).count())};
  if (::ppoll(&watched, 1, &timeout, nullptr) < 0) {
    if (errno == EINTR) return {};
    return fail_errno("cannot wait for packets", errno);
  }
  if ((watched.revents & (POLLERR | POLLHUP | POLLNVAL)) == 0) return {};
  int error_number = 0;  // reading it clears it, so that the next wait is a wait again
  socklen_t size = sizeof error_number;
  down_ = true;
  if (::getsockopt(descriptor_, SOL_SOCKET, SO_ERROR, &error_number, &size) != 0) error_number = errno;
  return interface_failed(error_number);
}

std::unexpected<Error> PacketRing::interface_failed(int error_number) const {
  if (error_number != ENETDOWN && error_number != ENODEV) return fail_errno("the packet socket failed", error_number);
  sockaddr_ll bound{};
  socklen_t size = sizeof bound;
  const bool known = ::getsockname(descriptor_, reinterpret_cast<sockaddr*>(&bound), &size) == 0;
  if (known && bound.sll_ifindex <= 0)
    return fail(Code::not_found, "the captured interface was removed; open it again when it is back");
  return fail(Code::unreachable, "the captured interface is down; capture goes on when it is up again");
}

Result<RingStatistics> PacketRing::statistics() {
  tpacket_stats_v3 latest{};
  socklen_t size = sizeof latest;
  if (::getsockopt(descriptor_, SOL_PACKET, PACKET_STATISTICS, &latest, &size) != 0)
    return fail_errno("cannot read the packet socket's statistics", errno);
  statistics_.offered += latest.tp_packets;  // the kernel counts the dropped ones in
  statistics_.dropped += latest.tp_drops;
  statistics_.freezes += latest.tp_freeze_q_cnt;
  return statistics_;
}

}  // namespace tocsin::collectors
