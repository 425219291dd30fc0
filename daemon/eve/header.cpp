#include "daemon/eve/header.h"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "collectors/packet/record/detail.h"

namespace tocsin::daemon {

using collectors::Direction;
using collectors::Flow;
using collectors::FlowSide;
using collectors::Packet;
using collectors::Protocol;
namespace ip_protocol = collectors::ip_protocol;

std::string eve_transport_name(std::uint8_t number) {
  switch (number) {
    case ip_protocol::icmp: return "ICMP";
    case 2: return "IGMP";
    case ip_protocol::tcp: return "TCP";
    case ip_protocol::udp: return "UDP";
    case ip_protocol::ipv6_in_ip: return "IPv6";
    case ip_protocol::gre: return "GRE";
    case 50: return "ESP";
    case ip_protocol::icmpv6: return "IPv6-ICMP";
    case ip_protocol::sctp: return "SCTP";
    default: return fmt::format("{:03}", number);
  }
}

std::string render_eve_time(Time time) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(time);
  const auto micro = std::chrono::duration_cast<std::chrono::microseconds>(time - whole).count();
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(whole - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}+0000", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count(), micro);
}

std::string_view eve_protocol_name(Protocol protocol) noexcept { return collectors::protocol_name(protocol); }

std::string eve_event_type(Protocol protocol) {
  // Both are records of HTTP; their version tells them apart.
  if (protocol == Protocol::http2 || protocol == Protocol::doh2) return "http";
  std::string name(collectors::protocol_name(protocol));
  std::ranges::replace(name, '-', '_');
  return name;
}

Time eve_time(const EveOrigin& origin) noexcept {
  if (origin.packet != nullptr) return origin.packet->time;
  return origin.flow != nullptr ? origin.flow->last : Time{};
}

namespace {

struct Ends {
  IpAddress source, destination;
  std::uint16_t source_port = 0, destination_port = 0;
  std::uint8_t transport = 0;
};

Ends ends_of(const EveOrigin& origin) {
  if (origin.ends == EveEnds::packet && origin.packet != nullptr) {
    const auto& packet = *origin.packet;
    return {packet.source, packet.destination, packet.source_port, packet.destination_port, packet.protocol};
  }
  if (origin.flow == nullptr) return {};
  const bool from_server = origin.ends == EveEnds::server;
  const FlowSide& from = from_server ? origin.flow->server : origin.flow->client;
  const FlowSide& to = from_server ? origin.flow->client : origin.flow->server;
  return {from.address, to.address, from.port, to.port, origin.flow->transport};
}

void append_ends(JsonWriter& json, const EveOrigin& origin) {
  const Ends ends = ends_of(origin);
  if (!ends.source) return;
  json.member("src_ip", collectors::record_address(ends.source));
  if (has_ports(ends.transport)) json.member("src_port", ends.source_port);
  json.member("dest_ip", collectors::record_address(ends.destination));
  if (has_ports(ends.transport)) json.member("dest_port", ends.destination_port);
  json.member("proto", eve_transport_name(ends.transport));
  if (ends.transport == ip_protocol::esp) {
    const auto index = origin.flow != nullptr ? origin.flow->security_index : origin.packet->security_index;
    json.member("spi", index);
  }
  const bool icmp = ends.transport == ip_protocol::icmp || ends.transport == ip_protocol::icmpv6;
  if (icmp && origin.packet != nullptr && !origin.packet->transport.empty())
    json.member("icmp_type", origin.packet->icmp_type).member("icmp_code", origin.packet->icmp_code);
  json.member("ip_v", ends.source.is_v6() ? 6 : 4);
}

std::string_view packet_source(const EveOrigin& origin) noexcept {
  if (origin.packet == nullptr) return "stream (flow timeout)";
  if (origin.packet->reassembled) return "defrag";
  switch (origin.packet->tunnel) {
    case collectors::Tunnel::none: break;
    case collectors::Tunnel::ip: return origin.packet->ip_version == 6 ? "ipv6 tunnel" : "ipv4 tunnel";
    case collectors::Tunnel::gre: return "gre tunnel";
    case collectors::Tunnel::teredo: return "teredo tunnel";
    case collectors::Tunnel::vxlan: return "vxlan encapsulation";
    case collectors::Tunnel::geneve: return "geneve encapsulation";
  }
  return "wire/pcap";
}

void append_vlan(JsonWriter& json, const EveOrigin& origin) {
  const auto& vlan = origin.packet != nullptr ? origin.packet->vlan : origin.flow->vlan;
  const auto count = origin.packet != nullptr ? origin.packet->vlan_count : origin.flow->vlan_count;
  if (count == 0) return;
  json.key("vlan").begin_array();
  for (std::size_t i = 0; i < count; ++i) json.value(vlan[i]);
  json.end_array();
}

}  // namespace

void append_packet_source(JsonWriter& json, const EveOrigin& origin) {
  append_vlan(json, origin);
  json.member("pkt_src", packet_source(origin));
}

void append_header(JsonWriter& json, std::string_view type, const EveOrigin& origin, std::uint16_t community_seed) {
  json.member("timestamp", render_eve_time(eve_time(origin)));
  if (origin.flow != nullptr) json.member("flow_id", eve_flow_id(origin.flow->id));
  if (origin.packet != nullptr) json.member("pcap_cnt", origin.packet->number);
  json.member("event_type", type);
  append_vlan(json, origin);
  append_ends(json, origin);
  json.member("pkt_src", packet_source(origin));
  if (origin.flow != nullptr) json.member("community_id", collectors::community_id(*origin.flow, community_seed));
}

void append_protocol(JsonWriter& json, const Flow& flow) {
  // A datagram tells at once, or never.
  const bool never = flow.protocol == Protocol::unknown && flow.transport == ip_protocol::udp;
  const Protocol known = never ? Protocol::failed : flow.protocol;
  if (known != Protocol::unknown) json.member("app_proto", eve_protocol_name(known));
  const Protocol to_server = flow.protocol_by_direction[index(Direction::to_server)];
  const Protocol to_client = flow.protocol_by_direction[index(Direction::to_client)];
  const auto differs = [&](Protocol protocol) { return protocol != Protocol::unknown && protocol != flow.protocol; };
  if (differs(to_server)) json.member("app_proto_ts", eve_protocol_name(to_server));
  if (differs(to_client)) json.member("app_proto_tc", eve_protocol_name(to_client));
  if (differs(flow.protocol_original)) json.member("app_proto_orig", eve_protocol_name(flow.protocol_original));
}

}  // namespace tocsin::daemon
