// flow and netflow: https://docs.suricata.io/en/latest/output/eve/eve-json-format.html#event-type-flow

#include <algorithm>

#include <fmt/format.h>

#include "daemon/eve/observer.h"

namespace tocsin::daemon {

using collectors::Flow;
using collectors::FlowEnd;
using collectors::FlowSide;
using collectors::FlowState;
namespace tcp_flag = collectors::tcp_flag;

namespace {

std::string_view state_name(FlowState state) noexcept {
  switch (state) {
    case FlowState::fresh: return "new";
    case FlowState::established: return "established";
    case FlowState::closed: return "closed";
  }
  return "unknown";
}

std::string_view reason_name(FlowEnd end) noexcept {
  switch (end) {
    case FlowEnd::timeout: return "timeout";
    case FlowEnd::closed: return "tcp_reuse";
    case FlowEnd::evicted: return "forced";
    case FlowEnd::shutdown: return "shutdown";
  }
  return "unknown";
}

void append_flags(JsonWriter& json, std::uint8_t flags) {
  static constexpr std::pair<std::uint8_t, std::string_view> names[]{
      {tcp_flag::syn, "syn"}, {tcp_flag::fin, "fin"}, {tcp_flag::rst, "rst"}, {tcp_flag::psh, "psh"},
      {tcp_flag::ack, "ack"}, {tcp_flag::urg, "urg"}, {tcp_flag::ece, "ecn"}, {tcp_flag::cwr, "cwr"}};
  for (const auto& [flag, name] : names)
    if ((flags & flag) != 0) json.member(name, true);
}

std::int64_t age_of(const Flow& flow) {
  // Of whole seconds, as they are written.
  return (std::chrono::floor<std::chrono::seconds>(flow.last) - std::chrono::floor<std::chrono::seconds>(flow.start))
      .count();
}

// Flags count once a session takes the packets.
void append_tcp(JsonWriter& json, const Flow& flow) {
  const bool session = !flow.tcp_state.empty();
  const std::uint8_t to_server = session ? flow.client.tcp_flags : 0;
  const std::uint8_t to_client = session ? flow.server.tcp_flags : 0;
  const auto both = static_cast<std::uint8_t>(to_server | to_client);
  json.key("tcp").begin_object();
  json.member("tcp_flags", fmt::format("{:02x}", both));
  json.member("tcp_flags_ts", fmt::format("{:02x}", to_server));
  json.member("tcp_flags_tc", fmt::format("{:02x}", to_client));
  append_flags(json, both);
  if (session) {
    json.member("state", flow.tcp_state);
    json.member("ts_max_regions", std::max<std::uint16_t>(1, flow.client.stream_regions));
    json.member("tc_max_regions", std::max<std::uint16_t>(1, flow.server.stream_regions));
  }
  json.end_object();
}

}  // namespace

void EveObserver::on_flow_end(Flow& flow, FlowEnd end) {
  settle_rest(flow);
  if (options_.frame) write_frames(flow, nullptr);
  for (const auto direction : {collectors::Direction::to_server, collectors::Direction::to_client})
    forget(flow, direction);
  auto& application = counters_.applications[static_cast<std::size_t>(flow.protocol)];
  if (flow.transport == collectors::ip_protocol::tcp) ++application.flows_tcp;
  if (flow.transport == collectors::ip_protocol::udp) ++application.flows_udp;
  if (options_.flow) write_flow(flow, end);
  if (options_.netflow) write_netflow(flow);
}

void EveObserver::write_flow(const Flow& flow, FlowEnd end) {
  write("flow", {nullptr, &flow, EveEnds::client}, [&](JsonWriter& json) {
    const bool icmp =
        flow.transport == collectors::ip_protocol::icmp || flow.transport == collectors::ip_protocol::icmpv6;
    if (icmp) json.member("icmp_type", flow.icmp_type).member("icmp_code", flow.icmp_code);
    if (flow.answer_icmp_type)
      json.member("response_icmp_type", *flow.answer_icmp_type).member("response_icmp_code", flow.answer_icmp_code);
    append_protocol(json, flow);
    json.key("flow").begin_object();
    json.member("pkts_toserver", flow.client.packets).member("pkts_toclient", flow.server.packets);
    json.member("bytes_toserver", flow.client.bytes).member("bytes_toclient", flow.server.bytes);
    json.member("start", render_eve_time(flow.start)).member("end", render_eve_time(flow.last));
    json.member("age", age_of(flow))
        .member("state", flow.bypassed ? std::string_view("bypassed") : state_name(flow.state));
    json.member("reason", reason_name(end)).member("alerted", flow.alerted);
    if (flow.bypassed) json.member("bypass", "local");
    if (flow.passed) json.member("action", "pass");
    if (options_.flow_exception_policy && flow.midstream_policy) {
      json.key("exception_policy").begin_array().begin_object();
      json.member("target", "stream_midstream");
      json.member("policy", collectors::exception_policy_name(*flow.midstream_policy));
      json.end_object().end_array();
    }
    if (flow.transactions != 0) json.member("tx_cnt", flow.transactions);
    json.end_object();
    if (flow.transport == collectors::ip_protocol::tcp) append_tcp(json, flow);
  });
}

// One record per direction that sent anything.
void EveObserver::write_netflow(const Flow& flow) {
  for (const auto ends : {EveEnds::client, EveEnds::server}) {
    const FlowSide& side = ends == EveEnds::client ? flow.client : flow.server;
    if (ends == EveEnds::server && side.packets == 0) continue;
    write("netflow", {nullptr, &flow, ends}, [&](JsonWriter& json) {
      append_protocol(json, flow);
      json.key("netflow").begin_object();
      json.member("pkts", side.packets).member("bytes", side.bytes);
      json.member("start", render_eve_time(flow.start)).member("end", render_eve_time(flow.last));
      json.member("age", age_of(flow));
      if (side.packets != 0) json.member("min_ttl", side.time_to_live_least).member("max_ttl", side.time_to_live_most);
      json.member("tx_cnt", flow.transactions);
      json.end_object();
      if (flow.transport == collectors::ip_protocol::tcp) {
        json.key("tcp").begin_object();
        json.member("tcp_flags", fmt::format("{:02x}", side.tcp_flags));
        append_flags(json, side.tcp_flags);
        json.end_object();
      }
    });
  }
}

}  // namespace tocsin::daemon
