#pragma once
// The receiving end of a live capture: a TPACKET_V3 ring that the privileged opener configured (packet_socket.h) and
// whose descriptor came here by SCM_RIGHTS. Needs no capability; uses mmap, munmap, ppoll, getsockopt, getsockname,
// ioctl (SIOCGIFNAME, SIOCGIFFLAGS) and close only. Interface: packet(7) and Documentation/networking/packet_mmap.rst
// of the kernel.
//
// Loss is exact: offered = delivered + still in the ring + dropped, by the kernel's own counters.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "collectors/base/bytes.h"
#include "collectors/base/result.h"
#include "collectors/base/time.h"
#include "collectors/packet/capture/frame.h"

namespace tocsin::collectors {

// The kernel gives the shape of a ring to nobody who asks later, so the opener tells it beside the descriptor.
struct RingGeometry {
  static constexpr std::size_t encoded_size = 28;
  static constexpr std::uint64_t bytes_least = 64ULL << 10;
  static constexpr std::uint64_t bytes_most = 8ULL << 30;

  std::uint32_t block_size = 0;
  std::uint32_t block_count = 0;
  std::uint32_t snapshot_length = 0;
  std::uint32_t link_type = 0;  // LINKTYPE_*: what the frames begin with
  std::uint32_t interface = 0;  // index in its network namespace

  std::uint64_t bytes() const noexcept { return std::uint64_t{block_size} * block_count; }
  // Big-endian 32-bit words: "TRG1", the members in order, and their sum.
  std::vector<std::uint8_t> encode() const;
  // `invalid` for anything that encode() of a usable geometry does not make.
  static Result<RingGeometry> decode(Bytes bytes);

  friend bool operator==(const RingGeometry&, const RingGeometry&) = default;
};

// Blocks and their number for about `ring_bytes` of memory: few large blocks cost fewer wake-ups, but a block must hold
// a whole frame and the ring several blocks. `invalid` when the memory is too little for the snapshot length or out of
// range. Interface and link type stay 0.
Result<RingGeometry> plan_ring(std::uint64_t ring_bytes, std::uint32_t snapshot_length);

struct RingStatistics {
  std::uint64_t offered = 0;  // passed the filter
  std::uint64_t dropped = 0;  // of them, because the ring was full
  std::uint64_t freezes = 0;  // times the ring ran full
  std::uint64_t delivered = 0;
  std::uint64_t delivered_bytes = 0;  // as captured
  std::uint64_t truncated = 0;        // delivered, cut by the snapshot length
  std::uint64_t blocks = 0;
  std::uint64_t losing_blocks = 0;  // marked by the kernel: there was loss not yet asked for when it was closed
};

// One owner, one thread.
class PacketRing {
 public:
  using FrameCallback = std::function<void(const RawFrame&)>;

  // Takes the descriptor over, also on failure. `invalid` when it is no such ring or the geometry is not its own.
  static Result<PacketRing> map(int descriptor, const RingGeometry& geometry);
  PacketRing(PacketRing&& other) noexcept;
  PacketRing& operator=(PacketRing&& other) noexcept;
  ~PacketRing();

  // Gives every frame of the blocks that are full (one turn of the ring at most); waits up to `patience` when none is.
  // 0 means nothing came, or a signal did. A frame's bytes hold during its callback; the block goes back to the kernel
  // after its last frame. `unreachable`: the interface is down; later calls wait `patience` and say so again until it
  // is back, then go on. `not_found`: it was removed, open anew.
  Result<std::size_t> poll(Duration patience, const FrameCallback& callback);

  // Totals since the ring was opened. The kernel's counters have 32 bits and reset at each read: ask at least every
  // few minutes.
  Result<RingStatistics> statistics();

  const RingGeometry& geometry() const noexcept { return geometry_; }
  int descriptor() const noexcept { return descriptor_; }

 private:
  PacketRing(int descriptor, const RingGeometry& geometry, std::uint8_t* memory) noexcept
      : descriptor_(descriptor), geometry_(geometry), memory_(memory) {}
  void release() noexcept;
  Result<std::size_t> drain(const FrameCallback& callback);
  Result<void> give_block(const std::uint8_t* block, const FrameCallback& callback);
  Result<void> wait(Duration patience);
  bool interface_up() const noexcept;
  std::unexpected<Error> interface_failed(int error_number) const;

  int descriptor_ = -1;
  RingGeometry geometry_;
  std::uint8_t* memory_ = nullptr;
  std::uint32_t next_block_ = 0;
  bool down_ = false;  // the kernel said so, and nothing showed the contrary yet
  RingStatistics statistics_;
};

}  // namespace tocsin::collectors
