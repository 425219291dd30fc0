#pragma once
// The opening end of a live capture, for the privileged process only (CAP_NET_RAW): a packet socket with its ring, its
// filter and its fanout group already set, so that whoever receives the descriptor needs no capability (ring.h).
// Interface: packet(7), Documentation/networking/packet_mmap.rst of the kernel, pcap-filter(7). Call from one thread.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "collectors/base/result.h"
#include "collectors/packet/capture/ring.h"

namespace tocsin::collectors {

// How packets are shared among the rings of one group.
enum class FanoutBy : std::uint8_t {
  addresses,  // both IP addresses, in either order: fragments stay with their flow
  flow_hash,  // the kernel's symmetric hash, with ports: spreads better, parts fragments from their flow
};
enum class WhenFull : std::uint8_t { drop, roll_over };  // roll over: the packet goes to another ring of the group
enum class KernelDefragment : std::uint8_t { no, yes };  // yes hides fragment evasions from us

struct FanoutGroup {
  std::uint16_t id = 0;  // the same for all rings of the group, unique in the network namespace
  FanoutBy by = FanoutBy::addresses;
  WhenFull when_full = WhenFull::roll_over;
  KernelDefragment kernel_defragment = KernelDefragment::no;
};

struct PacketSocketOptions {
  std::string interface;
  std::uint64_t ring_bytes = 64ULL << 20;
  std::uint32_t snapshot_length = 262'144;     // as tcpdump: large receive offload makes frames beyond 64 KiB
  std::chrono::milliseconds block_timeout{8};  // how long a frame waits at most for its block to fill
  bool promiscuous = true;
  std::string filter;  // empty: everything
  std::optional<FanoutGroup> fanout;
};

// Owns the descriptor until release().
class PacketSocket {
 public:
  PacketSocket(int descriptor, const RingGeometry& geometry) noexcept : descriptor_(descriptor), geometry_(geometry) {}
  PacketSocket(PacketSocket&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, -1)), geometry_(other.geometry_) {}
  PacketSocket& operator=(PacketSocket&&) = delete;
  ~PacketSocket();

  int descriptor() const noexcept { return descriptor_; }
  const RingGeometry& geometry() const noexcept { return geometry_; }
  [[nodiscard]] int release() noexcept { return std::exchange(descriptor_, -1); }

 private:
  int descriptor_;
  RingGeometry geometry_;
};

// Ethernet and loopback come with their link header, everything else (tun, PPP, tunnels) as bare IP. On loopback each
// packet is taken once. An interface that is down can be opened; reading says so. The filter is locked: the receiver
// cannot widen it. Errors: `not_found` no such interface, `denied` no CAP_NET_RAW, `invalid` filter (with libpcap's
// words), ring size or kind of interface, `exhausted` no memory for the ring.
Result<PacketSocket> open_packet_socket(const PacketSocketOptions& options);

// The filter's grammar only, as for Ethernet; needs no privilege.
Result<void> check_packet_filter(const std::string& filter);

}  // namespace tocsin::collectors
