#include "rules/signature/match/packet_match.h"

#include <algorithm>

#include "collectors/packet/decode/checksum.h"
#include "collectors/packet/packet_event.h"
#include "rules/signature/compile/program.h"
#include "rules/signature/state/reputation.h"

namespace tocsin::rules::signature {

using collectors::Direction;
using collectors::Flow;
using collectors::FlowState;
using collectors::Packet;
using collectors::PacketEvent;
using collectors::Protocol;
namespace ip_protocol = collectors::ip_protocol;

namespace {

struct Endpoints {
  const IpAddress* source;
  const IpAddress* destination;
  std::uint16_t source_port;
  std::uint16_t destination_port;
  std::uint8_t transport;
  std::uint8_t ip_version;
};

Endpoints endpoints_of(const Scope& scope) noexcept {
  // Data may become visible by a packet of the other side (an acknowledgement): the data's own direction counts.
  if (scope.packet != nullptr && (scope.flow == nullptr || scope.packet->direction == scope.direction)) {
    const auto& p = *scope.packet;
    return {&p.source, &p.destination, p.source_port, p.destination_port, p.protocol, p.ip_version};
  }
  const auto& from = scope.flow->side(scope.direction);
  const auto& to = scope.flow->side(collectors::opposite(scope.direction));
  return {&from.address, &to.address, from.port, to.port, scope.flow->transport, scope.flow->ip_version};
}

bool protocol_fits(const HeaderProtocol& wanted, const Endpoints& ends, const Scope& scope) noexcept {
  if (wanted.application != Protocol::unknown) {
    if (scope.flow == nullptr || !speaks(wanted.application, scope.flow->protocol)) return false;
  }
  // What a flow began as is still spoken in the transactions it had then.
  const auto spoken = [&](collectors::Protocol protocol) {
    return (wanted.services >> static_cast<unsigned>(protocol) & 1U) != 0;
  };
  if (wanted.services != 0 &&
      (scope.flow == nullptr || (!spoken(scope.flow->protocol) && !spoken(scope.flow->protocol_original))))
    return false;
  if (wanted.ip_version != 0 && wanted.ip_version != ends.ip_version) return false;
  if (wanted.arp) return scope.packet != nullptr && scope.packet->ether_type == 0x0806;
  if (ends.ip_version == 0) return wanted.packet_header;
  if (wanted.any) return true;
  switch (ends.transport) {
    case ip_protocol::tcp: return wanted.tcp && (scope.packet == nullptr || !scope.packet->is_fragment);
    case ip_protocol::udp: return wanted.udp && (scope.packet == nullptr || !scope.packet->is_fragment);
    case ip_protocol::icmp: return wanted.icmp;
    case ip_protocol::icmpv6: return wanted.icmpv6;
    case ip_protocol::sctp: return wanted.sctp || wanted.number == ends.transport;
    default: return wanted.number == ends.transport;
  }
}

bool addresses_fit(const Signature& s, const Endpoints& e) noexcept {
  const auto ports = [&](const PortSet& from, const PortSet& to) {
    return (from.any() || from.contains(e.source_port)) && (to.any() || to.contains(e.destination_port));
  };
  if (ports(*s.source_ports, *s.destination_ports) && s.source->contains(*e.source) &&
      s.destination->contains(*e.destination))
    return true;
  return s.both_ways && ports(*s.destination_ports, *s.source_ports) && s.destination->contains(*e.source) &&
         s.source->contains(*e.destination);
}

bool flow_fits(const Signature& s, const Scope& scope) noexcept {
  const bool directed = !s.to_server || !s.to_client;
  if (directed) {
    if (scope.flow == nullptr) return false;
    if (scope.direction == Direction::to_server ? !s.to_server : !s.to_client) return false;
  }
  if (s.established && (scope.flow == nullptr || scope.flow->state == FlowState::fresh)) return false;
  if (s.not_established && (scope.flow == nullptr || scope.flow->state != FlowState::fresh)) return false;
  const bool rebuilt = scope.packet != nullptr && scope.packet->reassembled;
  return !(s.only_fragment && !rebuilt) && !(s.no_fragment && rebuilt);
}

bool bits_hold(std::uint8_t have, const PacketTest& test) noexcept {
  switch (test.mode) {
    case '+': return (have & test.flags) == test.flags;
    case '*': return (have & test.flags) != 0;
    case '!': return (have & test.flags) != test.flags;
    default: return have == test.flags;
  }
}

bool ip_option_present(Bytes header, const PacketTest& test) noexcept {
  if (header.size() <= 20) return false;
  if (test.mode == 1) return true;
  for (std::size_t i = 20; i < header.size();) {
    const std::uint8_t kind = header[i];
    if (kind == test.flags) return true;
    if (kind == 0) return false;
    if (kind == 1) {
      ++i;
      continue;
    }
    if (i + 1 >= header.size() || header[i + 1] < 2) return false;
    i += header[i + 1];
  }
  return false;
}

std::uint16_t big16(Bytes bytes, std::size_t at) noexcept {
  return static_cast<std::uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}

std::uint64_t stream_bytes(const FlowMemory& memory, std::size_t side) noexcept {
  if (!memory.sequence_known[side]) return 0;
  return memory.next_sequence[side] - memory.first_sequence[side];
}

bool stream_size_holds(const PacketTest& test, const Scope& scope) noexcept {
  if (scope.flow == nullptr || scope.memory == nullptr || scope.flow->transport != ip_protocol::tcp) return false;
  const bool client = test.range.holds(static_cast<std::int64_t>(stream_bytes(*scope.memory, 0)));
  const bool server = test.range.holds(static_cast<std::int64_t>(stream_bytes(*scope.memory, 1)));
  switch (test.mode) {
    case 0: return client;
    case 1: return server;
    case 2: return client && server;
    default: return client || server;
  }
}

bool flow_counter_holds(const PacketTest& test, const Flow& flow) noexcept {
  using Kind = PacketTest::Kind;
  std::uint64_t value = 0;
  switch (test.kind) {
    case Kind::flow_age:
      value =
          static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(flow.last - flow.start).count());
      break;
    case Kind::flow_packets:
      if (test.mode == 1)
        return test.range.holds(static_cast<std::int64_t>(flow.client.packets)) ||
               test.range.holds(static_cast<std::int64_t>(flow.server.packets));
      value = flow.client.packets + flow.server.packets;
      break;
    case Kind::flow_packets_to_server: value = flow.client.packets; break;
    case Kind::flow_packets_to_client: value = flow.server.packets; break;
    case Kind::flow_bytes:
      if (test.mode == 1)
        return test.range.holds(static_cast<std::int64_t>(flow.client.bytes)) ||
               test.range.holds(static_cast<std::int64_t>(flow.server.bytes));
      value = flow.client.bytes + flow.server.bytes;
      break;
    case Kind::flow_bytes_to_server: value = flow.client.bytes; break;
    case Kind::flow_bytes_to_client: value = flow.server.bytes; break;
    default: return false;
  }
  return test.range.holds(static_cast<std::int64_t>(value));
}

bool application_holds(const PacketTest& test, const Scope& scope) noexcept {
  if (scope.flow == nullptr) return false;
  const auto& flow = *scope.flow;
  const auto is = [&](Protocol have) {
    const bool same = speaks(test.protocol, have);
    // A negation says nothing while the protocol is not known.
    return test.negated ? have != Protocol::unknown && !same : same;
  };
  switch (test.mode) {
    case 1: return is(flow.protocol);
    case 2: return is(flow.protocol_by_direction[0]) || is(flow.protocol_by_direction[1]);
    case 3: return is(flow.protocol_by_direction[0]);
    case 4: return is(flow.protocol_by_direction[1]);
    default: return is(flow.protocol);
  }
}

// Calculated here: whether checksums are validated elsewhere is another matter.
bool checksum_holds(const PacketTest& test, const Packet& p) noexcept {
  const bool icmp4 = p.protocol == ip_protocol::icmp;
  const bool icmp = (icmp4 || p.protocol == ip_protocol::icmpv6) && !p.transport.empty();
  const bool present = test.mode == 0   ? p.ip_version == 4
                       : test.mode == 1 ? p.is_tcp()
                       : test.mode == 2 ? p.is_udp()
                                        : icmp;
  if (!present || p.frame.size() < p.wire_length) return false;
  if (test.mode == 0) return (collectors::checksum_sum(p.ip_header) != 0xFFFF) != test.negated;
  const bool joined = p.payload.empty() || p.transport.data() + p.transport.size() == p.payload.data();
  if (!joined) return false;
  const Bytes bytes(p.transport.data(), p.transport.size() + p.payload.size());
  // Zero: the sender did not calculate one.
  if (test.mode == 2 && p.transport[6] == 0 && p.transport[7] == 0) return test.negated;
  const auto start = icmp4 ? 0 : collectors::pseudo_header_sum(p.source, p.destination, p.protocol, bytes.size());
  return (collectors::checksum_sum(bytes, start) != 0xFFFF) != test.negated;
}

bool vlan_holds(const PacketTest& test, const Packet& p) noexcept {
  const auto first = p.vlan.begin();
  const auto last = first + p.vlan_count;
  const auto holds = [&](std::uint16_t id) { return test.range.holds(id); };
  if (test.mode == VlanLayer::any) return std::any_of(first, last, holds);
  if (test.mode == VlanLayer::all) return first != last && std::all_of(first, last, holds);
  int layer = test.mode - VlanLayer::first;
  if (layer < 0) layer += p.vlan_count;
  return layer >= 0 && layer < p.vlan_count && holds(p.vlan[static_cast<std::size_t>(layer)]);
}

// Over TCP a record mark comes first.
bool rpc_holds(const PacketTest& test, const Packet& p) noexcept {
  static constexpr std::size_t mark = 4, call = 24;
  const std::size_t start = p.is_tcp() ? mark : 0;
  if ((!p.is_tcp() && !p.is_udp()) || p.payload.size() < start + call) return false;
  const auto word = [&](std::size_t number) {
    const std::size_t at = start + number * 4;
    return (std::uint32_t{big16(p.payload, at)} << 16) | big16(p.payload, at + 2);
  };
  if (word(1) != 0 || word(2) != 2) return false;  // a call, of version 2
  for (std::size_t i = 0; i < test.rpc.size(); ++i)
    if (test.rpc[i] && *test.rpc[i] != word(3 + i)) return false;
  return true;
}

bool ip_test_holds(const PacketTest& test, const Packet& p) noexcept {
  using Kind = PacketTest::Kind;
  const bool v4 = p.ip_version == 4 && p.ip_header.size() >= 20;
  switch (test.kind) {
    case Kind::ttl: return p.ip_version != 0 && test.range.holds(p.time_to_live);
    case Kind::tos: return v4 && test.range.holds(p.ip_header[1]);
    case Kind::ip_id: return v4 && test.range.holds(big16(p.ip_header, 4));
    case Kind::ip_protocol: return p.ip_version != 0 && test.range.holds(p.protocol);
    case Kind::same_ip: return p.ip_version != 0 && p.source == p.destination;
    case Kind::fragment_bits: return v4 && bits_hold(p.ip_header[6] & 0xE0, test);
    case Kind::fragment_offset: return v4 && test.range.holds(big16(p.ip_header, 6) & 0x1FFF);
    case Kind::ip_options: return v4 && ip_option_present(p.ip_header, test);
    case Kind::source_address: return test.addresses->contains(p.source);
    case Kind::destination_address: return test.addresses->contains(p.destination);
    case Kind::vlan_id: return vlan_holds(test, p);
    case Kind::vlan_layers: return test.range.holds(p.vlan_count);
    // Of this packet: a flow remembers what ever happened in it, which would alert again with every packet to come.
    case Kind::event: return p.events.test(static_cast<std::size_t>(test.range.low));
    case Kind::checksum: return checksum_holds(test, p);
    case Kind::flow_start: return p.flow != nullptr && p.flow->side(p.direction).packets == 1;
    case Kind::reputation: return test.reputation->holds(test, p.source, p.destination);
    default: return false;
  }
}

bool transport_test_holds(const PacketTest& test, const Packet& p) noexcept {
  using Kind = PacketTest::Kind;
  const bool icmp = (p.protocol == ip_protocol::icmp || p.protocol == ip_protocol::icmpv6) && !p.transport.empty();
  const bool echo = icmp && (p.protocol == ip_protocol::icmpv6
                                 ? p.icmp_type == 128 || p.icmp_type == 129
                                 : p.icmp_type == 0 || p.icmp_type == 8 || (p.icmp_type >= 13 && p.icmp_type <= 18));
  switch (test.kind) {
    case Kind::tcp_flags: return p.is_tcp() && bits_hold(static_cast<std::uint8_t>(p.tcp.flags & ~test.ignored), test);
    case Kind::sequence: return p.is_tcp() && test.range.holds(p.tcp.sequence);
    case Kind::acknowledgement: return p.is_tcp() && test.range.holds(p.tcp.acknowledgement);
    case Kind::window: return p.is_tcp() && test.range.holds(p.tcp.window);
    case Kind::maximum_segment: return p.is_tcp() && p.tcp.maximum_segment && test.range.holds(*p.tcp.maximum_segment);
    case Kind::window_scale: return p.is_tcp() && p.tcp.window_scale && test.range.holds(*p.tcp.window_scale);
    case Kind::icmp_type: return icmp && test.range.holds(p.icmp_type);
    case Kind::icmp_code: return icmp && test.range.holds(p.icmp_code);
    case Kind::icmp_id: return echo && test.range.holds(p.icmp_id);
    case Kind::icmp_sequence: return echo && test.range.holds(p.icmp_sequence);
    case Kind::icmpv6_mtu:
      return p.protocol == ip_protocol::icmpv6 && p.icmp_type == 2 && p.transport.size() >= 8 &&
             test.range.holds((std::int64_t{big16(p.transport, 4)} << 16) | big16(p.transport, 6));
    case Kind::payload_size:
      // "Not this size" is about packets that carry something.
      if (test.range.kind == NumberRange::Kind::not_equal && p.payload.empty()) return false;
      return !p.is_fragment && test.range.holds(static_cast<std::int64_t>(p.payload.size()));
    case Kind::rpc_call: return rpc_holds(test, p);
    default: return false;
  }
}

// Some ICMP types have more header than the eight bytes all share: RFC 792, 950, 1256.
Bytes icmp_header(const Packet& p) noexcept {
  std::size_t wanted = p.transport.size();
  if (p.icmp_type == 13 || p.icmp_type == 14) wanted = 20;
  if (p.icmp_type == 17 || p.icmp_type == 18) wanted = 12;
  if (p.icmp_type == 9 && p.transport.size() >= 6) wanted = 8 + std::size_t{p.transport[4]} * p.transport[5] * 4;
  const bool joined = p.transport.data() + p.transport.size() == p.payload.data();
  if (wanted <= p.transport.size() || !joined) return p.transport;
  return {p.transport.data(), std::min(wanted, p.transport.size() + p.payload.size())};
}

}  // namespace

bool header_fits(const Signature& signature, const Scope& scope) noexcept {
  if (!flow_fits(signature, scope)) return false;
  const auto ends = endpoints_of(scope);
  return protocol_fits(signature.protocol, ends, scope) && addresses_fit(signature, ends);
}

bool packet_tests_hold(const Signature& signature, const Scope& scope) noexcept {
  using Kind = PacketTest::Kind;
  for (const auto& test : signature.packet_tests) {
    bool holds = false;
    if (test.kind == Kind::stream_size) holds = stream_size_holds(test, scope);
    else if (test.kind == Kind::application_protocol) holds = application_holds(test, scope);
    else if (test.kind >= Kind::flow_age && test.kind <= Kind::flow_bytes_to_client)
      holds = scope.flow != nullptr && flow_counter_holds(test, *scope.flow);
    else if (scope.packet != nullptr)
      holds = ip_test_holds(test, *scope.packet) || transport_test_holds(test, *scope.packet);
    if (!holds) return false;
  }
  return true;
}

std::optional<BufferView> packet_buffer(Source source, const Packet& packet) noexcept {
  const auto part = [](Bytes bytes) -> std::optional<BufferView> {
    if (bytes.empty()) return std::nullopt;
    return BufferView{bytes, 0, true};
  };
  switch (source) {
    case Source::payload:
    case Source::frame: return part(packet.payload);
    case Source::ether_header: return part(packet.frame.first(std::min<std::size_t>(packet.frame.size(), 14)));
    case Source::ipv4_header: return packet.ip_version == 4 ? part(packet.ip_header) : std::nullopt;
    case Source::ipv6_header:
      return packet.ip_version == 6 ? part(packet.ip_header.first(std::min<std::size_t>(packet.ip_header.size(), 40)))
                                    : std::nullopt;
    case Source::tcp_header: return packet.is_tcp() ? part(packet.transport) : std::nullopt;
    case Source::udp_header: return packet.is_udp() ? part(packet.transport) : std::nullopt;
    case Source::icmpv4_header: return packet.protocol == ip_protocol::icmp ? part(icmp_header(packet)) : std::nullopt;
    case Source::icmpv6_header: return packet.protocol == ip_protocol::icmpv6 ? part(packet.transport) : std::nullopt;
    case Source::source_address: return part(packet.source.bytes());
    case Source::destination_address: return part(packet.destination.bytes());
    case Source::protocol_frame:
    case Source::transaction: return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace tocsin::rules::signature
