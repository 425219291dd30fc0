#include "rules/signature/eve.h"

#include <chrono>
#include <map>

#include <fmt/format.h>

#include "collectors/base/json.h"
#include "rules/signature/compile/signature.h"

namespace tocsin::rules::signature {
namespace {

std::string transport_name(std::uint8_t number) {
  switch (number) {
    case 1: return "ICMP";
    case 2: return "IGMP";
    case 6: return "TCP";
    case 17: return "UDP";
    case 41: return "IPv6";
    case 47: return "GRE";
    case 50: return "ESP";
    case 58: return "IPv6-ICMP";
    case 132: return "SCTP";
    default: return fmt::format("{:03}", number);
  }
}

// Flow ids of Suricata are 51 bits, so that JavaScript keeps them whole.
std::uint64_t eve_flow_id(std::uint64_t id) noexcept { return id & ((1ULL << 51) - 1); }

void append_metadata(JsonWriter& json, const SignatureInfo& info) {
  std::map<std::string, std::vector<std::string>> values;
  for (const auto& [key, value] : info.metadata) values[key].push_back(value);
  if (values.empty()) return;
  json.key("metadata").begin_object();
  for (const auto& [key, list] : values) {
    json.key(key).begin_array();
    for (const auto& value : list) json.value(value);
    json.end_array();
  }
  json.end_object();
}

void append_alert(JsonWriter& json, const Alert& alert) {
  const bool own = alert.rule->engine == Engine::signature;
  json.key("alert").begin_object();
  json.member("action", "allowed");
  if (own) {
    const auto& info = static_cast<const SignatureInfo&>(*alert.rule);
    json.member("gid", info.gid).member("signature_id", info.sid).member("rev", info.rev);
    json.member("signature", info.title).member("category", info.category);
    json.member("severity", info.priority);
    append_metadata(json, info);
  } else {
    json.member("gid", 1).member("signature_id", 0).member("rev", 0);
    json.member("signature", alert.rule->title).member("category", alert.rule->classification);
    json.member("severity", alert.severity >= 70 ? 1 : alert.severity >= 50 ? 2 : 3);
  }
  json.end_object();
}

void append_flow(JsonWriter& json, const FlowFigures& flow, std::uint8_t transport) {
  const bool ports = transport == 6 || transport == 17 || transport == 132;
  json.key("flow").begin_object();
  json.member("pkts_toserver", flow.packets_to_server).member("pkts_toclient", flow.packets_to_client);
  json.member("bytes_toserver", flow.bytes_to_server).member("bytes_toclient", flow.bytes_to_client);
  json.member("start", render_eve_time(flow.start));
  json.member("src_ip", render_address(flow.client)).member("dest_ip", render_address(flow.server));
  if (ports) json.member("src_port", flow.client_port).member("dest_port", flow.server_port);
  json.end_object();
}

}  // namespace

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

std::string render_eve_alert(const Alert& alert) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.member("timestamp", render_eve_time(alert.time));
  if (alert.packet) {
    const auto& p = *alert.packet;
    if (p.flow_id != 0) json.member("flow_id", eve_flow_id(p.flow_id));
    if (p.packet != 0) json.member("pcap_cnt", p.packet);
    json.member("event_type", "alert");
    if (p.source) {
      const bool ports = p.transport == 6 || p.transport == 17 || p.transport == 132;
      json.member("src_ip", render_address(p.source));
      if (ports) json.member("src_port", p.source_port);
      json.member("dest_ip", render_address(p.destination));
      if (ports) json.member("dest_port", p.destination_port);
      json.member("proto", transport_name(p.transport));
      if (p.icmp_type) json.member("icmp_type", *p.icmp_type);
      if (p.icmp_code) json.member("icmp_code", *p.icmp_code);
      json.member("ip_v", p.source.is_v6() ? 6 : 4);
    }
    if (!p.community_id.empty()) json.member("community_id", p.community_id);
    if (p.transaction) json.member("tx_id", *p.transaction);
  } else {
    json.member("event_type", "alert");
  }
  append_alert(json, alert);
  if (alert.packet) {
    if (!alert.packet->application.empty()) json.member("app_proto", alert.packet->application);
    if (alert.packet->flow_id != 0) json.member("direction", alert.packet->to_server ? "to_server" : "to_client");
    if (alert.packet->flow) append_flow(json, *alert.packet->flow, alert.packet->transport);
  }
  json.end_object();
  return out;
}

}  // namespace tocsin::rules::signature
