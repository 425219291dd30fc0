// anomaly: https://docs.suricata.io/en/latest/output/eve/eve-json-format.html#event-type-anomaly

#include <algorithm>
#include <string>

#include "collectors/packet/packet_event.h"
#include "daemon/eve/observer.h"

namespace tocsin::daemon {

using collectors::Protocol;

namespace {

using EventSet = std::bitset<collectors::packet_events_most>;

EventSet events_of_applications() {
  EventSet out;
  for (const auto& row : collectors::packet_event_table())
    if (!row.name.starts_with("decoder.") && !row.name.starts_with("stream."))
      out.set(static_cast<std::size_t>(row.event));
  return out;
}

// These protocols' events are written in capitals, as their parsers in Suricata name them.
bool in_capitals(std::string_view protocol) noexcept {
  static constexpr std::string_view names[]{"http", "smtp", "tls", "dnp3", "modbus"};
  return std::ranges::find(names, protocol) != std::end(names);
}

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
  return out;
}

}  // namespace

void EveObserver::write_packet_anomalies(const collectors::Packet& packet) {
  if (packet.events.none() || !(options_.anomaly.decode || options_.anomaly.stream)) return;
  for (const auto& row : collectors::packet_event_table()) {
    if (!packet.events.test(static_cast<std::size_t>(row.event))) continue;
    const bool stream = row.name.starts_with("stream.");
    if (stream ? !options_.anomaly.stream : !row.name.starts_with("decoder.") || !options_.anomaly.decode) continue;
    write("anomaly", {&packet, packet.flow, EveEnds::packet}, [&](JsonWriter& json) {
      if (packet.flow != nullptr) append_protocol(json, *packet.flow);
      json.key("anomaly").begin_object();
      json.member("type", stream ? "stream" : "decode").member("event", row.name);
      json.end_object();
      if (options_.anomaly.packet) append_packet_bytes(json, packet, link_header_);
    });
  }
}

// Events of a transaction, or of its conversation when there is none; each once.
void EveObserver::write_application_anomalies(collectors::Flow& flow, const collectors::Transaction* transaction,
                                              EventSet& written, const collectors::Packet* packet) {
  static const EventSet wanted = events_of_applications();
  const EventSet& raised = transaction != nullptr ? transaction->events : flow.events;
  const EventSet fresh = raised & wanted & ~written;
  if (fresh.none()) return;
  written |= fresh;
  for (const auto& row : collectors::packet_event_table()) {
    if (!fresh.test(static_cast<std::size_t>(row.event))) continue;
    const auto dot = row.name.find('.');
    const bool detection = dot == std::string_view::npos;  // applayer_…
    const auto name = detection ? row.name : row.name.substr(dot + 1);
    const bool capitals = detection || in_capitals(row.name.substr(0, dot));
    write("anomaly", {packet, &flow, EveEnds::packet}, [&](JsonWriter& json) {
      if (transaction != nullptr) json.member("tx_id", transaction->number);
      append_protocol(json, flow);
      json.key("anomaly").begin_object();
      if (flow.protocol != Protocol::unknown) json.member("app_proto", eve_protocol_name(flow.protocol));
      json.member("type", "applayer").member("event", capitals ? upper(name) : std::string(name));
      json.member("layer", detection ? "proto_detect" : "proto_parser");
      json.end_object();
    });
  }
}

}  // namespace tocsin::daemon
