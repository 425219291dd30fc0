#include "daemon/eve/alert_record.h"

#include <map>

#include "collectors/packet/record/detail.h"
#include "daemon/eve/header.h"
#include "rules/signature/compile/signature.h"

namespace tocsin::daemon {

using rules::signature::SignatureInfo;
using rules::signature::TargetSide;

namespace {

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

// What data sets know of the values that matched.
void append_context(JsonWriter& json, const rules::Alert& alert) {
  bool open = false;
  for (const auto& reason : alert.why) {
    if (reason.context_key.empty()) continue;
    if (!std::exchange(open, true)) json.key("context").begin_object();
    json.key(reason.context_key).raw(reason.context);
  }
  if (open) json.end_object();
}

void append_side(JsonWriter& json, std::string_view name, const IpAddress& address, std::uint16_t port, bool ports) {
  json.key(name).begin_object().member("ip", collectors::record_address(address));
  if (ports) json.member("port", port);
  json.end_object();
}

// Ready members into an object that was just closed.
void join(std::string& text, const std::string& members) {
  if (members.empty()) return;
  text.back() = ',';
  text += members;
  text += '}';
}

void append_rule(JsonWriter& json, const rules::Alert& alert, const EveOptions& options) {
  const bool own = alert.rule->engine == rules::Engine::signature;
  json.begin_object();
  json.member("action", "allowed");
  if (!own) {
    json.member("gid", 1).member("signature_id", 0).member("rev", 0);
    json.member("signature", alert.rule->title).member("category", alert.rule->classification);
    json.member("severity", alert.severity >= 70 ? 1 : alert.severity >= 50 ? 2 : 3);
    json.end_object();
    return;
  }
  const auto& info = static_cast<const SignatureInfo&>(*alert.rule);
  json.member("gid", info.gid).member("signature_id", info.sid).member("rev", info.rev);
  json.member("signature", info.title).member("category", info.category).member("severity", info.priority);
  if (options.alert.references && !info.references.empty()) {
    json.key("references").begin_array();
    for (const auto& reference : info.references) json.value(reference);
    json.end_array();
  }
  if (info.target != TargetSide::none && alert.packet) {
    const auto& p = *alert.packet;
    const bool ports = has_ports(p.transport);
    const bool source = info.target == TargetSide::source;
    append_side(json, source ? "target" : "source", p.source, p.source_port, ports);
    append_side(json, source ? "source" : "target", p.destination, p.destination_port, ports);
  }
  if (options.alert.rule_metadata) append_metadata(json, info);
  append_context(json, alert);
  if (options.alert.rule_text && !info.source.empty()) json.member("rule", collectors::record_text(info.source));
  json.end_object();
}

void append_flow(JsonWriter& json, const rules::FlowFigures& flow, std::uint8_t transport) {
  json.key("flow").begin_object();
  json.member("pkts_toserver", flow.packets_to_server).member("pkts_toclient", flow.packets_to_client);
  json.member("bytes_toserver", flow.bytes_to_server).member("bytes_toclient", flow.bytes_to_client);
  json.member("start", render_eve_time(flow.start));
  json.member("src_ip", collectors::record_address(flow.client))
      .member("dest_ip", collectors::record_address(flow.server));
  if (has_ports(transport)) json.member("src_port", flow.client_port).member("dest_port", flow.server_port);
  json.end_object();
}

void append_packet(JsonWriter& json, const rules::PacketContext& p, const EveOptions& options) {
  if (p.flow_id != 0) json.member("flow_id", eve_flow_id(p.flow_id));
  if (p.packet != 0) json.member("pcap_cnt", p.packet);
  json.member("event_type", "alert");
  if (p.source) {
    const bool ports = has_ports(p.transport);
    json.member("src_ip", collectors::record_address(p.source));
    if (ports) json.member("src_port", p.source_port);
    json.member("dest_ip", collectors::record_address(p.destination));
    if (ports) json.member("dest_port", p.destination_port);
    json.member("proto", eve_transport_name(p.transport));
    if (p.icmp_type) json.member("icmp_type", *p.icmp_type);
    if (p.icmp_code) json.member("icmp_code", *p.icmp_code);
    json.member("ip_v", p.source.is_v6() ? 6 : 4);
  }
  if (!p.community_id.empty() && options.community_seed == 0) json.member("community_id", p.community_id);
  if (p.transaction) json.member("tx_id", *p.transaction);
}

}  // namespace

EveRecord make_alert_record(const rules::Alert& alert, const EveOptions& options) {
  EveRecord record;
  record.time = alert.time;
  if (alert.packet) {
    record.packet = alert.packet->packet;
    record.flow = alert.packet->flow_id;
  }
  JsonWriter json(record.line);
  json.begin_object();
  json.member("timestamp", render_eve_time(alert.time));
  if (alert.packet) append_packet(json, *alert.packet, options);
  else json.member("event_type", "alert");
  if (!options.version.empty()) json.member("suricata_version", options.version);
  std::string rule;
  JsonWriter of_rule(rule);
  append_rule(of_rule, alert, options);
  if (alert.annotation != nullptr) join(rule, alert.annotation->of_alert);
  json.key("alert").raw(rule);
  if (alert.packet) {
    const auto& p = *alert.packet;
    if (!p.application.empty()) json.member("app_proto", p.application);
    if (p.flow_id != 0) json.member("direction", p.to_server ? "to_server" : "to_client");
    if (p.flow && options.alert.flow) append_flow(json, *p.flow, p.transport);
  }
  json.end_object();
  if (alert.annotation != nullptr) join(record.line, alert.annotation->of_record);
  return record;
}

}  // namespace tocsin::daemon
