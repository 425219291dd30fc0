#include "rules/signature/alert_maker.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "collectors/base/json.h"
#include "collectors/packet/protocol/table.h"
#include "collectors/packet/record/detail.h"

namespace tocsin::rules::signature {

using collectors::Buffer;
using collectors::Direction;
using collectors::Flow;
using collectors::Transaction;

namespace {

constexpr std::size_t excerpt_most = 256;
constexpr std::size_t reasons_most = 32;
constexpr std::size_t fields_most = 64;
constexpr unsigned rank_bits = 24;

std::string place_name(const Chain& chain, Direction direction, bool stream) {
  switch (chain.source) {
    case Source::payload:
    case Source::frame:
      if (!stream) return "payload";
      return direction == Direction::to_server ? "stream to_server" : "stream to_client";
    case Source::ether_header: return "ether.hdr";
    case Source::ipv4_header: return "ipv4.hdr";
    case Source::ipv6_header: return "ipv6.hdr";
    case Source::tcp_header: return "tcp.hdr";
    case Source::udp_header: return "udp.hdr";
    case Source::icmpv4_header: return "icmpv4.hdr";
    case Source::icmpv6_header: return "icmpv6.hdr";
    case Source::source_address: return "ip.src";
    case Source::destination_address: return "ip.dst";
    case Source::protocol_frame: return "frame " + std::string(collectors::frame_row(chain.frame).name);
    case Source::transaction: break;
  }
  const auto* row = collectors::buffer_row(chain.buffer);
  return row == nullptr ? "transaction" : std::string(row->name);
}

PacketContext context_of(const MatchReport& report) {
  const auto& scope = report.scope;
  PacketContext out;
  out.to_server = scope.direction == Direction::to_server;
  const bool own_packet =
      scope.packet != nullptr && (scope.flow == nullptr || scope.packet->direction == scope.direction);
  out.packet = scope.packet != nullptr ? scope.packet->number : scope.latest;
  if (own_packet) {
    const auto& p = *scope.packet;
    out.source = p.source;
    out.destination = p.destination;
    out.source_port = p.source_port;
    out.destination_port = p.destination_port;
    out.transport = p.protocol;
  } else {
    const auto& from = scope.flow->side(scope.direction);
    const auto& to = scope.flow->side(collectors::opposite(scope.direction));
    out.source = from.address;
    out.destination = to.address;
    out.source_port = from.port;
    out.destination_port = to.port;
    out.transport = scope.flow->transport;
  }
  if (scope.packet != nullptr && !scope.packet->transport.empty() &&
      (out.transport == collectors::ip_protocol::icmp || out.transport == collectors::ip_protocol::icmpv6)) {
    out.icmp_type = scope.packet->icmp_type;
    out.icmp_code = scope.packet->icmp_code;
  }
  if (scope.flow != nullptr) {
    const auto& flow = *scope.flow;
    out.flow =
        FlowFigures{flow.start,          flow.client.address, flow.server.address, flow.client.port, flow.server.port,
                    flow.client.packets, flow.server.packets, flow.client.bytes,   flow.server.bytes};
    out.flow_id = scope.flow->id;
    out.community_id = collectors::community_id(*scope.flow);
    if (scope.flow->protocol != collectors::Protocol::unknown)
      out.application = std::string(collectors::protocol_name(scope.flow->protocol));
  }
  if (report.transaction != nullptr) out.transaction = report.transaction->number;
  return out;
}

// Who did it to whom: the rule's own word, else home addresses are the attacked ones, else the packet's direction.
void add_addresses(Alert& alert, const MatchReport& report) {
  const auto& context = *alert.packet;
  if (!context.source) return;
  bool source_is_target = false;
  switch (report.signature.info->target) {
    case TargetSide::source: source_is_target = true; break;
    case TargetSide::destination: break;
    case TargetSide::none:
      if (report.home != nullptr)
        source_is_target = report.home->contains(context.source) && !report.home->contains(context.destination);
      break;
  }
  const auto source = render_address(context.source);
  const auto destination = render_address(context.destination);
  alert.add_entity(EntityKind::address, source_is_target ? EntityRole::target : EntityRole::actor, source);
  alert.add_entity(EntityKind::address, source_is_target ? EntityRole::actor : EntityRole::target, destination);
}

void add_transaction_entities(Alert& alert, const Transaction& transaction) {
  const auto add = [&](Buffer buffer, Direction direction, EntityKind kind) {
    const auto bytes = transaction.buffer(buffer, direction, 0);
    if (bytes && !bytes->empty() && bytes->size() <= 255) alert.add_entity(kind, EntityRole::related, as_text(*bytes));
  };
  switch (transaction.protocol) {
    case collectors::Protocol::http: add(Buffer::http_host, Direction::to_server, EntityKind::domain); break;
    case collectors::Protocol::dns: add(Buffer::dns_query, Direction::to_server, EntityKind::domain); break;
    case collectors::Protocol::tls: add(Buffer::tls_sni, Direction::to_server, EntityKind::domain); break;
    default: break;
  }
  // Over HTTP a file without a name of its own is called by its path on the server: that is no file of any host.
  for (const auto direction : {Direction::to_server, Direction::to_client}) {
    const auto name = transaction.buffer(Buffer::file_name, direction, 0);
    const bool path = transaction.protocol == collectors::Protocol::http && name && as_text(*name).starts_with('/');
    if (!path) add(Buffer::file_name, direction, EntityKind::file);
  }
}

void add_fields(Alert& alert, const Transaction& transaction, const FieldNames& names) {
  EventBatch batch;
  EventBuilder builder(batch);
  transaction.fill(builder);
  const auto& event = builder.finish(EventHeader{}, {});
  for (const auto& field : event.fields()) {
    if (alert.fields.size() >= fields_most) break;
    alert.fields.emplace_back(names.name(field.field), render_text(field.value).substr(0, 1024));
  }
  std::ranges::sort(alert.fields);
}

std::string header_text(const PacketContext& context) {
  return fmt::format("{}:{} -> {}:{}", render_address(context.source), context.source_port,
                     render_address(context.destination), context.destination_port);
}

// What pcre captured for the alert, under the names that the rule gives.
void describe_captured(const std::vector<ChainMatcher::Captured>& captured, const std::string& where,
                       std::vector<Reason>& out) {
  for (const auto& [capture, value] : captured) {
    if (capture->scope != PcreTest::CaptureScope::alert || out.size() >= reasons_most) continue;
    const auto& name = capture->name;
    if (std::ranges::any_of(out, [&](const Reason& each) { return each.context_key == name; })) continue;
    Reason reason;
    reason.condition = "pcre, captured as " + name;
    reason.where = where;
    reason.value = value.substr(0, excerpt_most);
    reason.context_key = name;
    JsonWriter(reason.context).value(collectors::record_text(value));
    out.push_back(std::move(reason));
  }
}

}  // namespace

std::string buffer_label(const Chain& chain) {
  if (chain.source == Source::payload || chain.source == Source::frame) return "content";
  std::string name = place_name(chain, Direction::to_server, false);
  std::ranges::replace(name, '.', '_');
  return name;
}

void describe_hits(const Chain& chain, const ChainMatcher& matcher, Bytes bytes, std::uint64_t start,
                   Direction direction, bool stream, std::vector<Reason>& out) {
  for (const auto& hit : matcher.hits()) {
    if (out.size() >= reasons_most) return;
    Reason reason;
    if (const auto* c = std::get_if<ContentTest>(hit.test)) reason.condition = "content:" + c->text;
    else if (const auto* p = std::get_if<PcreTest>(hit.test)) reason.condition = "pcre:" + p->text;
    else if (const auto* d = std::get_if<DatasetTest>(hit.test)) reason.condition = d->text;
    else continue;
    if (hit.context != nullptr) {
      reason.context_key = std::get<DatasetTest>(*hit.test).context_key;
      reason.context = *hit.context;
    }
    reason.where = place_name(chain, direction, stream);
    if (hit.decoded) reason.where += " base64_data";
    else if (hit.offset >= start && hit.offset - start + hit.length <= bytes.size())
      reason.value = as_text(bytes.subspan(hit.offset - start, std::min<std::size_t>(hit.length, excerpt_most)));
    reason.offset = static_cast<std::int64_t>(hit.offset);
    reason.length = hit.length;
    out.push_back(std::move(reason));
  }
  describe_captured(matcher.captured(), place_name(chain, direction, stream), out);
}

Alert make_alert(MatchReport report, const FieldNames& names) {
  const auto& info = report.signature.info;
  Alert alert;
  alert.rule = info;
  alert.severity = info->severity;
  alert.confidence = info->confidence;
  alert.exercise = report.exercise;
  alert.host = report.host;
  alert.time = report.scope.packet != nullptr ? report.scope.packet->time : report.scope.flow->last;
  alert.packet = context_of(report);
  alert.order = (alert.packet->packet << rank_bits) | (report.signature.rank & ((1U << rank_bits) - 1));
  add_addresses(alert, report);
  if (!alert.host.empty()) alert.add_entity(EntityKind::host, EntityRole::related, alert.host);
  if (report.transaction != nullptr) {
    add_transaction_entities(alert, *report.transaction);
    add_fields(alert, *report.transaction, names);
  }
  alert.why = std::move(report.reasons);
  if (alert.why.size() > reasons_most) alert.why.resize(reasons_most);
  if (alert.why.empty()) alert.why.push_back({"rule header", "packet", header_text(*alert.packet), -1, 0});
  // A rule of both directions may speak of either side of a transaction.
  const char kind = report.transaction == nullptr                                ? 'p'
                    : report.scope.direction == collectors::Direction::to_server ? 't'
                                                                                 : 'a';
  const auto identity =
      fmt::format("{}/{}{}/{}", alert.packet->flow_id, kind,
                  report.transaction != nullptr ? report.transaction->number : alert.packet->packet, info->sid);
  // A rule that matches with each part of a transaction, or with each frame, says something new each time.
  const auto* frame = report.scope.frame;
  alert.events.push_back(hash128(frame != nullptr           ? fmt::format("{}/f{}", identity, frame->number)
                                 : report.signature.repeats ? fmt::format("{}/{}", identity, alert.packet->packet)
                                                            : identity));
  seal(alert);
  return alert;
}

}  // namespace tocsin::rules::signature
