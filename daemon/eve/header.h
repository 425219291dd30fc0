#pragma once
// What every EVE record begins with: time, flow, packet number, ends of the conversation, and the common options
// (Ethernet addresses, Community ID). https://docs.suricata.io/en/latest/output/eve/eve-json-format.html#common-section

#include <cstdint>
#include <string>
#include <string_view>

#include "collectors/base/json.h"
#include "collectors/packet/flow.h"
#include "collectors/packet/packet.h"
#include "daemon/eve/options.h"

namespace tocsin::daemon {

// Whose addresses come first.
enum class EveEnds : std::uint8_t { packet, client, server };

struct EveOrigin {
  const collectors::Packet* packet = nullptr;  // null on a time-out
  const collectors::Flow* flow = nullptr;
  EveEnds ends = EveEnds::packet;
};

// "2026-11-22T15:30:01.250000+0000"
std::string render_eve_time(Time time);
// Flow ids of Suricata are 51 bits, so that JavaScript keeps them whole.
constexpr std::uint64_t eve_flow_id(std::uint64_t id) noexcept { return id & ((1ULL << 51) - 1); }
std::string eve_transport_name(std::uint8_t number);
// "http", "dns", "ftp_data": the type of a protocol's own records.
std::string eve_event_type(collectors::Protocol protocol);
// "http1" rules speak of http: Suricata's word in `app_proto`.
std::string_view eve_protocol_name(collectors::Protocol protocol) noexcept;

constexpr bool has_ports(std::uint8_t transport) noexcept {
  return transport == collectors::ip_protocol::tcp || transport == collectors::ip_protocol::udp ||
         transport == collectors::ip_protocol::sctp;
}

Time eve_time(const EveOrigin& origin) noexcept;
// Writes into an object that was begun.
void append_header(JsonWriter& json, std::string_view type, const EveOrigin& origin, std::uint16_t community_seed);
// Only what an alert does not have of its own: vlan, pkt_src.
void append_packet_source(JsonWriter& json, const EveOrigin& origin);
// app_proto and, where the directions differ, app_proto_ts, app_proto_tc, app_proto_orig.
void append_protocol(JsonWriter& json, const collectors::Flow& flow);

}  // namespace tocsin::daemon
