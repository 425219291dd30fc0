#include "collectors/packet/capture/packet_socket.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <pcap/pcap.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "collectors/base/text.h"

namespace tocsin::collectors {

namespace {

constexpr std::uint32_t linktype_ethernet = 1;
constexpr std::uint32_t linktype_raw = 101;
constexpr std::uint32_t snapshot_for_checks = 262'144;
constexpr unsigned frame_size = TPACKET_ALIGNMENT << 7;  // version 3 packs frames; the kernel only checks the sum

using Program = std::vector<sock_filter>;

struct Interface {
  unsigned index = 0;
  std::uint32_t link_type = 0;
  bool loopback = false;
};

// Goes before a filter: loopback shows each packet when it is sent and when it is received.
constexpr std::array<sock_filter, 3> refuse_outgoing{{
    {BPF_LD | BPF_W | BPF_ABS, 0, 0, static_cast<std::uint32_t>(SKF_AD_OFF + SKF_AD_PKTTYPE)},
    {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, PACKET_OUTGOING},
    {BPF_RET | BPF_K, 0, 0, 0},
}};

template <class T>
Result<void> set(int descriptor, int level, int option, const T& value, const char* what) {
  if (::setsockopt(descriptor, level, option, &value, sizeof value) != 0)
    return fail_errno(std::string("cannot ") + what, errno);
  return {};
}

struct CloseCapture {
  void operator()(pcap_t* capture) const noexcept { pcap_close(capture); }
};
using Capture = std::unique_ptr<pcap_t, CloseCapture>;

// These look at what the kernel keeps beside the packet; libpcap makes code for it only for a capture under way.
bool needs_live_capture(std::string_view filter) {
  std::string word;
  for (const char c : std::string(filter) + ' ') {
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-') {
      word += c;
      continue;
    }
    if (word == "vlan" || word == "inbound" || word == "outbound" || word == "ifindex") return true;
    word.clear();
  }
  return false;
}

Result<Capture> live_capture(const std::string& interface, std::uint32_t snapshot_length) {
  std::array<char, PCAP_ERRBUF_SIZE> why{};
  Capture capture(pcap_create(interface.c_str(), why.data()));
  if (!capture) return fail(Code::failure, "cannot prepare the filter: " + escape_terminal(why.data()));
  pcap_set_snaplen(capture.get(), static_cast<int>(snapshot_length));
  pcap_set_buffer_size(capture.get(), 1 << 20);
  if (const int status = pcap_activate(capture.get()); status < 0)
    return fail(status == PCAP_ERROR_PERM_DENIED ? Code::denied : Code::failure,
                std::string("cannot prepare the filter: ") + escape_terminal(pcap_geterr(capture.get())));
  return capture;
}

Result<Program> compile(pcap_t& capture, const std::string& filter) {
  bpf_program compiled{};
  if (filter.find('\0') != std::string::npos) return fail(Code::invalid, "the capture filter has a zero byte");
  if (pcap_compile(&capture, &compiled, filter.c_str(), 1, PCAP_NETMASK_UNKNOWN) != 0)
    return fail(Code::invalid, "capture filter \"" + escape_terminal(filter) + "\": " +
                                   escape_terminal(pcap_geterr(&capture)) + "; the grammar is in pcap-filter(7)");
  Program program;
  program.reserve(compiled.bf_len);
  for (const auto& i : std::span(compiled.bf_insns, compiled.bf_len)) program.push_back({i.code, i.jt, i.jf, i.k});
  pcap_freecode(&compiled);
  if (program.size() + refuse_outgoing.size() > BPF_MAXINSNS)
    return fail(Code::invalid, "the capture filter is too long for the kernel; shorten it");
  return program;
}

Result<Program> compile_for(const PacketSocketOptions& options, std::uint32_t link_type) {
  const bool ethernet = link_type == linktype_ethernet;
  if (ethernet && needs_live_capture(options.filter)) {
    TOCSIN_TRY(const Capture capture, live_capture(options.interface, options.snapshot_length));
    return compile(*capture, options.filter);
  }
  const Capture capture(pcap_open_dead(ethernet ? DLT_EN10MB : DLT_RAW, static_cast<int>(options.snapshot_length)));
  if (!capture) return fail(Code::exhausted, "no memory to compile the capture filter");
  return compile(*capture, options.filter);
}

Result<void> attach(int descriptor, int option, Program program, int level, const char* what) {
  const sock_fprog code{static_cast<unsigned short>(program.size()), program.data()};
  return set(descriptor, level, option, code, what);
}

Result<Interface> find_interface(const std::string& name) {
  const std::string shown = escape_terminal(name);
  ifreq request{};
  if (name.empty() || name.size() >= sizeof request.ifr_name)
    return fail(Code::not_found, "no interface can have the name \"" + shown + "\"; `ip link` lists them");
  if (name == "any") return fail(Code::invalid, "name the interfaces to capture; \"any\" mixes link types");
  Interface found;
  found.index = ::if_nametoindex(name.c_str());
  if (found.index == 0)
    return fail(Code::not_found, "there is no interface \"" + shown + "\" here; `ip link` lists them");
  std::memcpy(request.ifr_name, name.data(), name.size());
  const int probe = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (probe < 0) return fail_errno("cannot ask for the kind of " + shown, errno);
  const int status = ::ioctl(probe, SIOCGIFHWADDR, &request);
  const int error_number = errno;
  ::close(probe);
  if (status != 0) return fail_errno("cannot ask for the kind of " + shown, error_number);
  const auto hardware = request.ifr_hwaddr.sa_family;
  if (hardware >= ARPHRD_IEEE80211 && hardware <= ARPHRD_IEEE80211_RADIOTAP)
    return fail(Code::invalid, shown + " is a wireless interface in monitor mode, which is not supported");
  found.loopback = hardware == ARPHRD_LOOPBACK;
  found.link_type = hardware == ARPHRD_ETHER || found.loopback ? linktype_ethernet : linktype_raw;
  return found;
}

Result<void> set_ring(int descriptor, const PacketSocketOptions& options, const RingGeometry& geometry) {
  TOCSIN_CHECK(set(descriptor, SOL_PACKET, PACKET_VERSION, int{TPACKET_V3}, "choose the ring's version"));
  tpacket_req3 request{};
  request.tp_block_size = geometry.block_size;
  request.tp_block_nr = geometry.block_count;
  request.tp_frame_size = frame_size;
  request.tp_frame_nr = static_cast<unsigned>(geometry.bytes() / frame_size);
  request.tp_retire_blk_tov = static_cast<unsigned>(std::clamp<std::int64_t>(options.block_timeout.count(), 1, 1000));
  if (::setsockopt(descriptor, SOL_PACKET, PACKET_RX_RING, &request, sizeof request) != 0) {
    const std::string what = "cannot allocate a packet ring of " + std::to_string(geometry.bytes()) + " bytes";
    if (errno == ENOMEM) return fail(Code::exhausted, what + ": no memory; make it smaller");
    return fail_errno(what, errno);
  }
  return {};
}

// Both addresses folded together, so that the two directions of a conversation agree, then mixed, since the kernel
// takes the remainder. Offsets are relative to the network header: outgoing frames come with a link header, incoming
// ones without.
Program fanout_program() {
  const auto network = [](std::uint32_t offset) { return static_cast<std::uint32_t>(SKF_NET_OFF) + offset; };
  const auto statement = [](int code, std::uint32_t k) { return sock_filter{static_cast<__u16>(code), 0, 0, k}; };
  constexpr int load = BPF_LD | BPF_W | BPF_ABS;
  Program p;
  const auto fold = [&](std::uint32_t first, std::uint32_t end) {
    p.push_back(statement(load, network(first)));
    for (std::uint32_t at = first + 4; at < end; at += 4) {
      p.push_back(statement(BPF_MISC | BPF_TAX, 0));
      p.push_back(statement(load, network(at)));
      p.push_back(statement(BPF_ALU | BPF_XOR | BPF_X, 0));
    }
    p.push_back(statement(BPF_ALU | BPF_MUL | BPF_K, 0x9e3779b1));
    p.push_back(statement(BPF_ALU | BPF_RSH | BPF_K, 16));
    p.push_back(statement(BPF_RET | BPF_A, 0));
  };
  p.push_back(statement(load, static_cast<std::uint32_t>(SKF_AD_OFF + SKF_AD_PROTOCOL)));
  p.push_back({BPF_JMP | BPF_JEQ | BPF_K, 0, 7, ETH_P_IP});  // 7: the instructions of the next fold
  fold(12, 20);
  p.push_back({BPF_JMP | BPF_JEQ | BPF_K, 0, 25, ETH_P_IPV6});
  fold(8, 40);
  p.push_back(statement(BPF_RET | BPF_K, 0));
  return p;
}

Result<void> join(int descriptor, const FanoutGroup& group) {
  unsigned flags = group.by == FanoutBy::addresses ? PACKET_FANOUT_CBPF : PACKET_FANOUT_HASH;
  if (group.when_full == WhenFull::roll_over) flags |= PACKET_FANOUT_FLAG_ROLLOVER;
  if (group.kernel_defragment == KernelDefragment::yes) flags |= PACKET_FANOUT_FLAG_DEFRAG;
  TOCSIN_CHECK(set(descriptor, SOL_PACKET, PACKET_FANOUT, group.id | (flags << 16),
                   "join the fanout group (all its rings must be of one interface and one kind)"));
  if (group.by == FanoutBy::addresses)
    return attach(descriptor, PACKET_FANOUT_DATA, fanout_program(), SOL_PACKET, "set the fanout by addresses");
  return {};
}

// Until the end every packet is refused, so that none is taken that the finished ring would not take.
Result<void> configure(int descriptor, const PacketSocketOptions& options, const Interface& interface,
                       const RingGeometry& geometry, Program filter) {
  TOCSIN_CHECK(set_ring(descriptor, options, geometry));
  const Program refuse_all{{BPF_RET | BPF_K, 0, 0, 0}};
  TOCSIN_CHECK(attach(descriptor, SO_ATTACH_FILTER, refuse_all, SOL_SOCKET, "attach the capture filter"));
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = static_cast<int>(interface.index);
  if (::bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return fail_errno("cannot capture on " + escape_terminal(options.interface), errno);
  if (options.promiscuous) {
    packet_mreq membership{};
    membership.mr_ifindex = static_cast<int>(interface.index);
    membership.mr_type = PACKET_MR_PROMISC;
    TOCSIN_CHECK(set(descriptor, SOL_PACKET, PACKET_ADD_MEMBERSHIP, membership, "make the interface promiscuous"));
  }
  if (options.fanout) TOCSIN_CHECK(join(descriptor, *options.fanout));
  TOCSIN_CHECK(attach(descriptor, SO_ATTACH_FILTER, std::move(filter), SOL_SOCKET, "attach the capture filter"));
  return set(descriptor, SOL_SOCKET, SO_LOCK_FILTER, int{1}, "lock the capture filter");
}

}  // namespace

PacketSocket::~PacketSocket() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<PacketSocket> open_packet_socket(const PacketSocketOptions& options) {
  TOCSIN_TRY(RingGeometry geometry, plan_ring(options.ring_bytes, options.snapshot_length));
  TOCSIN_TRY(const Interface interface, find_interface(options.interface));
  geometry.link_type = interface.link_type;
  geometry.interface = interface.index;
  TOCSIN_TRY(Program filter, compile_for(options, interface.link_type));
  if (interface.loopback) filter.insert(filter.begin(), refuse_outgoing.begin(), refuse_outgoing.end());
  const int kind = interface.link_type == linktype_ethernet ? SOCK_RAW : SOCK_DGRAM;
  // Protocol 0: nothing is received before bind().
  const int descriptor = ::socket(AF_PACKET, kind | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor < 0) {
    if (errno == EPERM || errno == EACCES)
      return fail(Code::denied, "capturing packets needs CAP_NET_RAW; run it as root or by the tocsin-opener unit");
    return fail_errno("cannot open a packet socket", errno);
  }
  PacketSocket opened(descriptor, geometry);
  auto configured = configure(descriptor, options, interface, geometry, std::move(filter));
  if (!configured)
    return std::unexpected<Error>(
        std::move(configured).error().within("while opening interface " + escape_terminal(options.interface)));
  return opened;
}

Result<void> check_packet_filter(const std::string& filter) {
  const Capture capture(pcap_open_dead(DLT_EN10MB, snapshot_for_checks));
  if (!capture) return fail(Code::exhausted, "no memory to compile the capture filter");
  // Direction and interface index are understood on a live capture only; the words around them still are checked there.
  if (needs_live_capture(filter)) {
    auto compiled = compile(*capture, filter);
    const bool only_live = !compiled && compiled.error().message.find("not supported") != std::string::npos;
    if (only_live) return {};
    if (!compiled) return std::unexpected<Error>(std::move(compiled).error());
    return {};
  }
  TOCSIN_CHECK(compile(*capture, filter));
  return {};
}

}  // namespace tocsin::collectors
