#include "collectors/packet/record/recorder.h"

#include <array>
#include <cstring>
#include <utility>

#include "collectors/event/field_table.h"
#include "collectors/packet/record/owner.h"

namespace tocsin::collectors {

namespace {

std::string_view transport_name(std::uint8_t transport) noexcept {
  switch (transport) {
    case ip_protocol::tcp: return "tcp";
    case ip_protocol::udp: return "udp";
    case ip_protocol::icmp: return "icmp";
    case ip_protocol::icmpv6: return "ipv6-icmp";
    case ip_protocol::sctp: return "sctp";
    default: return {};
  }
}

std::string_view state_name(FlowState state) noexcept {
  static constexpr std::array<std::string_view, 3> names{"new", "established", "closed"};
  return names[static_cast<std::size_t>(state)];
}

// A connection that was closed ended by that, whatever made us forget it.
std::string_view end_name(const Flow& flow, FlowEnd why) noexcept {
  static constexpr std::array<std::string_view, 4> names{"timeout", "closed", "evicted", "shutdown"};
  const bool closed = why != FlowEnd::evicted && flow.state == FlowState::closed;
  return names[static_cast<std::size_t>(closed ? FlowEnd::closed : why)];
}

EventClass class_of(Protocol protocol) noexcept {
  switch (protocol) {
    case Protocol::http: return EventClass::http;
    case Protocol::dns: return EventClass::dns;
    case Protocol::tls: return EventClass::tls;
    default: return EventClass::network;
  }
}

EventId id_of(std::string_view identity, std::string_view kind, std::uint64_t flow, std::uint64_t number) {
  std::array<std::uint64_t, 2> place{flow, number};
  std::string text(identity);
  text += '\0';
  text += kind;
  text += '\0';
  text.append(reinterpret_cast<const char*>(place.data()), sizeof place);
  return hash128(text);
}

// A user whom the protocol itself names is not the owner of the socket: then only that one is told.
void owner_fields(const FlowOwner& owner, EventBuilder& builder) {
  if (builder.find(field::user_name) == nullptr) {
    if (owner.user) builder.set(field::user_id, std::to_string(*owner.user));
    if (!owner.user_name.empty()) builder.set(field::user_name, owner.user_name);
  }
  if (owner.process) builder.set(field::process_pid, std::uint64_t{*owner.process});
  if (!owner.process_name.empty()) builder.set(field::process_name, owner.process_name);
  if (!owner.executable.empty()) builder.set(field::process_executable, owner.executable);
  if (!owner.cgroup.empty()) builder.set(field::process_cgroup, owner.cgroup);
  if (!owner.unit.empty()) builder.set(field::service_name, owner.unit);
}

}  // namespace

const std::string& Recorder::community_of(const Flow& flow) {
  if (community_.empty() || community_flow_ != flow.id) {
    community_ = community_id(flow);
    community_flow_ = flow.id;
  }
  return community_;
}

void Recorder::flow_fields(const Flow& flow) {
  builder_.set(field::source_ip, flow.client.address);
  builder_.set(field::destination_ip, flow.server.address);
  const bool has_ports = flow.transport != ip_protocol::icmp && flow.transport != ip_protocol::icmpv6;
  if (has_ports) {
    builder_.set(field::source_port, std::uint64_t{flow.client.port});
    builder_.set(field::destination_port, std::uint64_t{flow.server.port});
  }
  const auto transport = transport_name(flow.transport);
  if (!transport.empty()) builder_.set(field::network_transport, transport);
  builder_.set(field::network_iana_number, std::uint64_t{flow.transport});
  builder_.set(field::network_type, flow.ip_version == 6 ? "ipv6" : "ipv4");
  builder_.set(field::network_community_id, community_of(flow));
  builder_.set(field::flow_id, flow.id);
  if (flow.vlan_count != 0) builder_.set(field::network_vlan_id, std::to_string(flow.vlan[0]));
}

void Recorder::add_owner(const Flow& flow) {
  if (options_.owners == nullptr) return;
  if (owner_ == nullptr || owner_flow_ != flow.id) {
    owner_ = options_.owners->owner(flow.id);
    owner_flow_ = flow.id;
  }
  if (owner_ != nullptr) owner_fields(*owner_, builder_);
}

void Recorder::transaction(const Flow& flow, const Transaction& transaction, Time when) {
  if (!options_.records) return;
  flow_fields(flow);
  const auto name = protocol_name(transaction.protocol);
  builder_.set(field::network_protocol, name);
  builder_.set(field::event_kind, "event");
  builder_.set(field::event_category, transaction.protocol == Protocol::http ? "web" : "network");
  transaction.fill(builder_);
  add_owner(flow);
  EventHeader header;
  header.id = id_of(options_.identity, name, flow.id, transaction.number);
  header.observed = when;
  header.event_class = class_of(transaction.protocol);
  header.dataset = name;
  finish(header);
}

void Recorder::flow_ended(const Flow& flow, FlowEnd why) {
  if (!options_.records) return;
  flow_fields(flow);
  builder_.set(field::event_kind, "event");
  builder_.set(field::event_category, "network");
  builder_.set(field::event_type, "end");
  builder_.set(field::event_reason, end_name(flow, why));
  builder_.set(field::event_duration, Duration(flow.last - flow.start));
  builder_.set(field::source_packets, flow.client.packets);
  builder_.set(field::source_bytes, flow.client.bytes);
  builder_.set(field::destination_packets, flow.server.packets);
  builder_.set(field::destination_bytes, flow.server.bytes);
  builder_.set(field::network_packets, flow.client.packets + flow.server.packets);
  builder_.set(field::network_bytes, flow.client.bytes + flow.server.bytes);
  builder_.set(field::flow_state, state_name(flow.state));
  if (flow.protocol != Protocol::unknown && flow.protocol != Protocol::failed) {
    builder_.set(field::network_protocol, protocol_name(flow.protocol));
    builder_.set(field::network_application, protocol_name(flow.protocol));
  }
  add_owner(flow);
  EventHeader header;
  header.id = id_of(options_.identity, "flow", flow.id, 0);
  header.observed = flow.last;
  header.event_class = EventClass::network;
  header.dataset = "flow";
  finish(header);
}

void Recorder::finish(EventHeader header) {
  header.ingested = header.observed;
  header.exercise = options_.exercise ? Exercise::yes : Exercise::no;
  header.host = options_.host;
  header.source = options_.source;
  builder_.finish(header, {});
  ++counters_.records;
  if (batch_.full()) flush();
}

void Recorder::flush() {
  if (batch_.empty()) return;
  sink_.on_records(std::exchange(batch_, EventBatch{}));
}

}  // namespace tocsin::collectors
