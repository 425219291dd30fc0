// Packet rules, address rules and rules on the reassembled stream.
#include <algorithm>

#include "rules/signature/alert_maker.h"
#include "rules/signature/detector.h"
#include "rules/signature/timed.h"

namespace tocsin::rules::signature {

using collectors::Packet;
using collectors::Protocol;
namespace ip_protocol = collectors::ip_protocol;
namespace tcp_flag = collectors::tcp_flag;

namespace {

PayloadClass payload_class_of(const Packet& packet) noexcept {
  if (packet.is_tcp()) return PayloadClass::tcp_packet;
  return packet.is_udp() ? PayloadClass::udp : PayloadClass::other;
}

PacketClass packet_class_of(const Packet& packet) noexcept {
  switch (packet.protocol) {
    case ip_protocol::tcp: return PacketClass::tcp;
    case ip_protocol::udp: return PacketClass::udp;
    case ip_protocol::icmp:
    case ip_protocol::icmpv6: return PacketClass::icmp;
    default: return PacketClass::other;
  }
}

bool has_positive(const Chain& chain) noexcept {
  return std::ranges::any_of(chain.tests, [](const Test& test) {
    if (const auto* c = std::get_if<ContentTest>(&test)) return !c->negated;
    if (const auto* p = std::get_if<PcreTest>(&test)) return !p->negated;
    return false;
  });
}

}  // namespace

void SignatureDetector::track_sequence(const Packet& packet, FlowMemory& memory) {
  const auto side = index(packet.direction);
  const bool syn = (packet.tcp.flags & tcp_flag::syn) != 0;
  if (!memory.sequence_known[side]) {
    memory.sequence_known[side] = true;
    memory.first_sequence[side] = packet.tcp.sequence;
    memory.next_sequence[side] = packet.tcp.sequence;
  }
  const std::uint32_t next = packet.tcp.sequence + static_cast<std::uint32_t>(packet.payload.size()) + (syn ? 1U : 0U);
  if (static_cast<std::int32_t>(next - memory.next_sequence[side]) > 0) memory.next_sequence[side] = next;
}

void SignatureDetector::inspect_packet(const Packet& packet, Scope& scope) {
  inspect_address_rules(scope);
  const bool stream_took_it = scope.memory != nullptr && packet.is_tcp() && !packet.checksum_bad &&
                              (scope.memory->stream[0].seen || scope.memory->stream[1].seen ||
                               scope.flow->state != collectors::FlowState::fresh);
  candidates_.clear();
  collect_packet_rules(packet, scope, stream_took_it);
  sort_candidates();
  for (const auto number : candidates_) {
    const auto& signature = program_->signatures[number];
    const Timed timed(counters_->rules[number], sampler_);
    reasons_.clear();
    if (!packet_rule_matches(signature, scope, stream_took_it)) continue;
    if (signature.kind != RuleKind::packet && scope.memory != nullptr) {
      // The same bytes are, or will be, part of the stream: one alert for them.
      auto& window = scope.memory->stream[index(scope.direction)];
      const bool delivered = window.last_packet == packet.number;
      window.set_resume(number, window.end() + (delivered ? 0 : packet.payload.size()));
    }
    matched(signature, scope, nullptr);
    if (packet_passed_) return;
  }
}

// Rules about addresses only: once per flow and direction, or for each packet without a flow.
void SignatureDetector::inspect_address_rules(const Scope& scope) {
  if (scope.memory != nullptr) {
    bool& done = scope.memory->address_rules_done[index(scope.direction)];
    if (done) return;
    done = true;
  }
  if (scope.packet->ip_version == 0) return;
  candidates_.assign(program_->ip_always.begin(), program_->ip_always.end());
  program_->ip_source.find(scope.packet->source, candidates_);
  program_->ip_destination.find(scope.packet->destination, candidates_);
  sort_candidates();
  for (const auto number : candidates_) {
    const auto& signature = program_->signatures[number];
    const Timed timed(counters_->rules[number], sampler_);
    reasons_.clear();
    if (header_fits(signature, scope) && packet_tests_hold(signature, scope)) matched(signature, scope, nullptr);
    if (packet_passed_) return;
  }
}

void SignatureDetector::collect_packet_rules(const Packet& packet, const Scope& scope, bool stream_took_it) {
  if (!settings_.prefilter) {
    for (const auto& signature : program_->signatures)
      if (signature.kind != RuleKind::ip_only && signature.kind != RuleKind::transaction &&
          signature.kind != RuleKind::frame)
        candidates_.push_back(signature.rank);
    return;
  }
  const RuleIndex::Traffic traffic{scope.flow == nullptr ? Protocol::unknown : scope.flow->protocol, packet.source_port,
                                   packet.destination_port, !packet.payload.empty()};
  const auto add = [&](PayloadClass payload, PacketClass kind, std::size_t side) {
    program_->always[static_cast<std::size_t>(kind)][side].find(traffic, candidates_);
    if (!packet.payload.empty()) add_rules(program_->payload[static_cast<std::size_t>(payload)][side], packet.payload);
  };
  // Without a flow there is no direction: rules of both sides are looked at, those that name one do not fit.
  const auto look = [&](PayloadClass payload, PacketClass kind) {
    add(payload, kind, index(scope.direction));
    if (scope.flow == nullptr) add(payload, kind, index(collectors::opposite(scope.direction)));
  };
  look(payload_class_of(packet), packet_class_of(packet));
  if (packet.is_tcp() && !stream_took_it) look(PayloadClass::tcp_untaken, PacketClass::tcp_untaken);
  if (!program_->packet_source.empty()) program_->packet_source.find(packet.source, candidates_);
  if (!program_->packet_destination.empty()) program_->packet_destination.find(packet.destination, candidates_);
}

bool SignatureDetector::packet_rule_matches(const Signature& signature, const Scope& scope, bool stream_took_it) {
  const bool tcp = scope.packet->is_tcp();
  // What a stream took up is inspected there, unless the rule asks for places in the packet.
  if (signature.kind == RuleKind::stream && tcp && stream_took_it) return false;
  if (signature.kind == RuleKind::stream && !tcp && signature.only_stream) return false;
  if (signature.only_stream && signature.kind != RuleKind::stream && tcp && !stream_took_it) return false;
  if (!header_fits(signature, scope) || !packet_tests_hold(signature, scope)) return false;
  if (scope.memory == nullptr) {
    static const FlowMemory nothing;
    if (!nothing.conditions_hold(signature)) return false;
  } else if (!scope.memory->conditions_hold(signature)) {
    return false;
  }
  matcher_.start_rule(signature.variables);
  for (const auto& chain : signature.chains) {
    const auto view = packet_buffer(chain.source, *scope.packet);
    if (!view || !match_view(chain, *view, scope)) return false;
    describe_hits(chain, matcher_, view->bytes, view->start, scope.direction, false, reasons_);
  }
  return true;
}

void SignatureDetector::inspect_stream(const Scope& scope) {
  auto& window = scope.memory->stream[index(scope.direction)];
  if (!window.pending && window.held->pieces.empty()) return;
  Scope inner = scope;
  inner.stream = true;
  // What came before a loss, each part on its own.
  if (!window.held->pieces.empty()) {
    auto& held = window.held.make();
    auto pieces = std::exchange(held.pieces, {});
    for (auto& piece : pieces) {
      StreamWindow before;
      before.bytes = std::move(piece.bytes);
      before.start = piece.start;
      before.inspected = piece.inspected;
      before.seen = before.pending = true;
      before.held.make().resume = std::move(held.resume);
      inspect_window(inner, before);
      held.resume = std::move(before.held.make().resume);
    }
  }
  if (window.pending) inspect_window(inner, window);
  window.complete = false;
}

void SignatureDetector::inspect_window(const Scope& scope, StreamWindow& window) {
  candidates_.clear();
  const auto side = index(scope.direction);
  const auto& group = program_->payload[static_cast<std::size_t>(PayloadClass::stream)][side];
  if (!settings_.prefilter) {
    for (const auto& signature : program_->signatures)
      if (signature.kind == RuleKind::stream || signature.kind == RuleKind::packet_and_stream)
        candidates_.push_back(signature.rank);
  } else {
    if (!group.database.empty()) {
      const std::uint64_t overlap = group.database.longest() - 1;
      const std::uint64_t from = std::max(window.start, window.inspected - std::min(window.inspected, overlap));
      add_rules(group, Bytes(window.bytes).subspan(from - window.start));
    }
    for (const auto& entry : window.held->waiting) candidates_.push_back(entry.first);
    const auto& flow = *scope.flow;
    const RuleIndex::Traffic traffic{flow.protocol, flow.side(scope.direction).port,
                                     flow.side(collectors::opposite(scope.direction)).port, true};
    program_->always[static_cast<std::size_t>(PacketClass::stream)][side].find(traffic, candidates_);
  }
  sort_candidates();
  for (const auto number : candidates_) {
    const auto& signature = program_->signatures[number];
    const Timed timed(counters_->rules[number], sampler_);
    reasons_.clear();
    if (stream_rule_matches(signature, scope, window)) matched(signature, scope, nullptr);
    if (packet_passed_) break;
  }
  window.inspected = window.end();
  window.pending = false;
}

bool SignatureDetector::stream_rule_matches(const Signature& signature, const Scope& scope, StreamWindow& window) {
  const bool protocol_open =
      signature.protocol.application != Protocol::unknown && scope.flow->protocol == Protocol::unknown;
  const auto wait = [&] {
    const auto& waiting = window.held->waiting;
    const bool waits = std::ranges::any_of(waiting, [&](const auto& e) { return e.first == signature.rank; });
    if (signature.fast_chain >= 0 && !waits && waiting.size() < StreamWindow::resume_most)
      window.held.make().waiting.emplace_back(signature.rank, window.end());
    return false;
  };
  if (protocol_open) return wait();
  if (!header_fits(signature, scope)) return false;
  const auto& chain = signature.chains.front();
  std::uint64_t begin = std::max(window.start, window.resume_at(signature.rank));
  // "Not there" is about what is new.
  if (!has_positive(chain)) begin = std::max(begin, window.inspected);
  if (begin >= window.end()) return false;
  const BufferView view{Bytes(window.bytes).subspan(begin - window.start), begin, window.ended};
  matcher_.start_rule(signature.variables);
  if (!match_view(chain, view, scope)) return wait();
  std::erase_if(window.held.make().waiting, [&](const auto& e) { return e.first == signature.rank; });
  window.set_resume(signature.rank, window.end());
  if (!packet_tests_hold(signature, scope) || !scope.memory->conditions_hold(signature)) return false;
  describe_hits(chain, matcher_, view.bytes, view.start, scope.direction, true, reasons_);
  return true;
}

}  // namespace tocsin::rules::signature
