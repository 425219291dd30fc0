#pragma once
// One captured frame and what the decoder found in it. Views point into the frame (or the defragmenter's buffer) and
// hold for the length of the callback only. Made and used on one packet worker.

#include <array>
#include <bitset>
#include <cstdint>
#include <optional>

#include "collectors/base/address.h"
#include "collectors/base/bytes.h"
#include "collectors/base/time.h"

namespace tocsin::collectors {

// Things that are wrong with a packet, a stream or a transaction, as rules may ask for them (`decode-event`,
// `stream-event`, `app-layer-event`). Numbers index the constexpr table in packet_event.cpp, which holds the names.
enum class PacketEvent : std::uint16_t;
inline constexpr std::size_t packet_events_most = 640;

enum class Direction : std::uint8_t { to_server, to_client };
constexpr Direction opposite(Direction d) noexcept {
  return d == Direction::to_server ? Direction::to_client : Direction::to_server;
}
constexpr std::size_t index(Direction d) noexcept { return static_cast<std::size_t>(d); }

namespace ip_protocol {
inline constexpr std::uint8_t icmp = 1, tcp = 6, udp = 17, ipv6_in_ip = 41, gre = 47, esp = 50, icmpv6 = 58, sctp = 132;
}

namespace tcp_flag {
inline constexpr std::uint8_t fin = 0x01, syn = 0x02, rst = 0x04, psh = 0x08, ack = 0x10, urg = 0x20, ece = 0x40,
                              cwr = 0x80;
}

struct TcpView {
  std::uint32_t sequence = 0;
  std::uint32_t acknowledgement = 0;
  std::uint16_t window = 0;
  std::uint16_t urgent = 0;
  std::uint8_t flags = 0;
  std::optional<std::uint8_t> window_scale;
  std::optional<std::uint16_t> maximum_segment;
  std::optional<std::pair<std::uint32_t, std::uint32_t>> timestamps;
  bool selective_ack_permitted = false;
};

struct Flow;

// What carried an inner packet.
enum class Tunnel : std::uint8_t { none, ip, gre, teredo, vxlan, geneve };

struct Packet {
  Time time{};
  std::uint64_t number = 0;        // 1-based in its capture; the same for every worker count
  std::uint32_t tunnel_depth = 0;  // >0: this is an inner packet of `number`
  Tunnel tunnel = Tunnel::none;
  std::uint32_t interface = 0;
  std::uint32_t link_type = 0;  // DLT_* as pcap has it
  std::size_t wire_length = 0;  // may exceed frame.size() when the capture cut it
  Bytes frame;                  // as captured

  std::array<std::uint16_t, 3> vlan{};
  std::uint8_t vlan_count = 0;
  std::uint16_t ether_type = 0;
  MacAddress source_mac{};
  MacAddress destination_mac{};

  Bytes ip_header;  // IPv4 with options, or the fixed IPv6 header and its extensions; empty for ARP and the like
  IpAddress source;
  IpAddress destination;
  std::uint8_t ip_version = 0;  // 0, 4, 6
  std::uint8_t protocol = 0;    // transport after extension headers
  std::uint8_t time_to_live = 0;
  bool is_fragment = false;   // a fragment still on its own: `transport` and `payload` are empty
  bool reassembled = false;   // made by the defragmenter
  bool checksum_bad = false;  // of IP or transport, when checking is on

  Bytes transport;  // transport header
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  TcpView tcp;
  std::uint8_t icmp_type = 0;
  std::uint8_t icmp_code = 0;
  std::uint16_t icmp_id = 0;
  std::uint16_t icmp_sequence = 0;
  std::uint32_t security_index = 0;  // of ESP (RFC 4303)
  Bytes payload;                     // after the transport header

  std::bitset<packet_events_most> events;

  // Set by the flow table; null for packets without a flow.
  Flow* flow = nullptr;
  Direction direction = Direction::to_server;

  bool is_tcp() const noexcept { return protocol == ip_protocol::tcp && !transport.empty(); }
  bool is_udp() const noexcept { return protocol == ip_protocol::udp && !transport.empty(); }
};

}  // namespace tocsin::collectors
