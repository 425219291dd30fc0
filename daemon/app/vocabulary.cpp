#include "daemon/app/vocabulary.h"

#include <algorithm>
#include <array>
#include <map>

#include <boost/json.hpp>

#include "collectors/event/field_table.h"
#include "collectors/packet/options.h"
#include "collectors/packet/protocol/parser.h"
#include "collectors/packet/protocol/table.h"

namespace tocsin::daemon {
namespace {

constexpr auto of_alerts = std::to_array<NamedField>({
    {"alert.confidence", "unsigned", "How sure the rule is, 0 to 100"},
    {"alert.count", "unsigned", "Repeats folded into this alert"},
    {"alert.id", "text", "Identifier of the alert"},
    {"alert.severity", "unsigned", "How bad it is, 0 to 100"},
    {"entities", "list", "Who and what an alert is about"},
    {"entities.kind", "text", "host, user, address, process, file or domain"},
    {"entities.role", "text", "actor, target or related"},
    {"entities.value", "text", "The name itself"},
    {"event.class", "text", "Class of a stored event: authentication, process, network, …"},
    {"event.ingested", "time", "When Tocsin read the event"},
    {"events", "list", "Identifiers of the events that led to an alert"},
    {"fields", "object", "Fields of the event that decided an alert"},
    {"packet", "object", "Packet and flow of an alert from traffic"},
    {"packet.application", "text", "Protocol found by content"},
    {"packet.community_id", "text", "Community ID of the flow"},
    {"packet.destination_ip", "ip", "Receiver of the packet that alerted"},
    {"packet.destination_port", "unsigned", "Its port"},
    {"packet.direction", "text", "to_server or to_client"},
    {"packet.flow_id", "unsigned", "Identifier of the flow"},
    {"packet.number", "unsigned", "Number of the packet in its capture"},
    {"packet.source_ip", "ip", "Sender of the packet that alerted"},
    {"packet.source_port", "unsigned", "Its port"},
    {"packet.transaction", "unsigned", "Number of the transaction in its flow"},
    {"packet.transport", "unsigned", "IP protocol number"},
    {"rule.attack", "list", "ATT&CK techniques and tactics of a rule"},
    {"rule.classification", "text", "Class of a signature (classtype)"},
    {"rule.description", "text", "What a rule means"},
    {"rule.engine", "text", "signature, sigma, yara, indicator or self"},
    {"rule.false_positives", "text", "When a rule is wrong"},
    {"rule.file", "text", "File of a rule"},
    {"rule.id", "text", "Identifier of a rule"},
    {"rule.line", "unsigned", "Its line"},
    {"rule.references", "list", "Where to read on"},
    {"rule.revision", "text", "Revision of a rule"},
    {"rule.tags", "list", "Tags of a rule besides ATT&CK"},
    {"rule.title", "text", "Title of a rule"},
    {"threat.enrichments.matched.atomic", "text", "The value an indicator was met in"},
    {"threat.enrichments.matched.field", "text", "The field it was met in"},
    {"threat.indicator.confidence", "unsigned", "How sure the list is, 0 to 100"},
    {"threat.indicator.description", "text", "What the list says of it"},
    {"threat.indicator.marking.tlp", "text", "Traffic Light Protocol: clear, green, amber, amber+strict, red"},
    {"threat.indicator.name", "text", "The indicator itself"},
    {"threat.indicator.provider", "text", "The lists it is in"},
    {"threat.indicator.reference", "text", "Where to read on"},
    {"threat.indicator.type", "text", "ipv4-addr, ipv6-addr, domain-name, url, file or software"},
    {"threat.indicator.valid_until", "time", "When it ends"},
    {"tocsin.exercise", "boolean", "Played on purpose"},
    {"why", "list", "Reasons of an alert"},
    {"why.condition", "text", "The condition that held"},
    {"why.length", "unsigned", "Length of what matched"},
    {"why.offset", "unsigned", "Place of what matched"},
    {"why.value", "text", "What was there"},
    {"why.where", "text", "The field or buffer it was in"},
});

constexpr std::array<std::string_view, 9> type_names{"text",    "ip",   "integer",  "unsigned", "real",
                                                     "boolean", "time", "duration", "bytes"};

}  // namespace

std::span<const NamedField> alert_fields() noexcept { return of_alerts; }

void intern_protocol_fields(FieldNames& names) {
  const collectors::PacketOptions options;
  // A factory interns its names when it is made.
  for (const auto& row : collectors::protocol_table()) static_cast<void>(row.make(options, names));
}

std::vector<DescribedField> all_fields(const FieldNames& names) {
  std::map<std::string_view, DescribedField> sorted;
  for (std::uint16_t id = 1; !names.name(Field{id}).empty(); ++id) {
    const auto name = names.name(Field{id});
    const auto type = type_names[static_cast<std::size_t>(FieldNames::type(Field{id}))];
    const auto doc =
        FieldNames::known(Field{id}) ? known_fields[id - 1].doc : "Of a protocol or product, as it is called there";
    sorted.try_emplace(name, DescribedField{std::string(name), std::string(type), std::string(doc)});
  }
  for (const auto& row : of_alerts)
    sorted.try_emplace(row.name,
                       DescribedField{std::string(row.name), std::string(row.type), std::string(row.summary)});
  std::vector<DescribedField> out;
  out.reserve(sorted.size());
  for (auto& [name, row] : sorted) out.push_back(std::move(row));
  return out;
}

std::optional<NamedField> standard_field(std::string_view name) noexcept {
  if (const auto* alert = std::ranges::find(of_alerts, name, &NamedField::name); alert != of_alerts.end())
    return *alert;
  const auto* row = std::ranges::find(known_fields, name, &FieldRow::name);
  if (row == std::end(known_fields)) return {};
  return NamedField{row->name, type_names[static_cast<std::size_t>(row->type)], row->doc};
}

void widen_alert(boost::json::object& alert) {
  constexpr std::pair<const char*, const char*> ends[] = {{"source.ip", "source_ip"},
                                                          {"source.port", "source_port"},
                                                          {"destination.ip", "destination_ip"},
                                                          {"destination.port", "destination_port"},
                                                          {"network.community_id", "community_id"},
                                                          {"network.application", "application"}};
  boost::json::object more;
  if (const auto* fields = alert.if_contains("fields"); fields != nullptr && fields->is_object())
    more = fields->get_object();
  if (const auto* packet = alert.if_contains("packet"); packet != nullptr && packet->is_object())
    for (const auto& [name, there] : ends)
      if (const auto* value = packet->get_object().if_contains(there)) more.emplace(name, *value);
  for (auto& member : more) alert.emplace(member.key(), std::move(member.value()));
}

}  // namespace tocsin::daemon
