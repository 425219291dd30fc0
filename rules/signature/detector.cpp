#include "rules/signature/detector.h"

#include <algorithm>

#include "rules/signature/alert_maker.h"
#include "rules/signature/timed.h"

namespace tocsin::rules::signature {

using collectors::Direction;
using collectors::Flow;
using collectors::Packet;
using collectors::StreamChunk;
using collectors::Transaction;
using collectors::TransactionUpdate;

SignatureDetector::SignatureDetector(std::shared_ptr<const Program> program, const WorkerContext& context,
                                     const DetectorSettings& settings, std::shared_ptr<WorkerCounters> counters)
    : program_(std::move(program)),
      settings_(settings),
      counters_(std::move(counters)),
      host_(context.host),
      exercise_(context.exercise),
      names_(context.names),
      views_(*program_, matcher_.regex_scratch()),
      annotator_(context.annotator) {
  program_->for_databases([&](const PatternDatabase& database) {
    if (!database.empty()) database.prepare(scratch_);
  });
}

FlowMemory& SignatureDetector::memory_of(Flow& flow) {
  auto& place = flow.extension[slot()];
  if (!place) place = std::make_unique<FlowMemory>();
  return static_cast<FlowMemory&>(*place);
}

TransactionMemory& SignatureDetector::memory_of(Transaction& transaction) {
  auto& place = transaction.extension[slot()];
  if (!place) place = std::make_unique<TransactionMemory>();
  return static_cast<TransactionMemory&>(*place);
}

void SignatureDetector::on_stream(const StreamChunk& chunk) {
  auto& memory = memory_of(chunk.flow);
  if (memory.passed) return;
  auto& window = memory.stream[index(chunk.direction)];
  if (program_->uses_frames) {
    if (!memory.frames) memory.frames = std::make_unique<collectors::FrameCutter>();
    memory.frames->add(chunk);
  }
  if (!chunk.bytes.empty()) window.append(chunk.offset, chunk.bytes);
  window.ended = window.ended || chunk.end;
  if (chunk.packet != nullptr) window.last_packet = chunk.packet->number;
  if (window.bytes.size() < StreamWindow::pending_most && window.held->pieces.size() < StreamWindow::pieces_most)
    return;
  inspect_stream({chunk.packet, &chunk.flow, &memory, chunk.direction});
  window.trim();
  if (chunk.packet == nullptr) flush();
}

void SignatureDetector::on_transaction(const TransactionUpdate& update) {
  auto& memory = memory_of(update.flow);
  if (memory.passed) return;
  if (update.transaction.complete(update.direction)) memory.stream[index(update.direction)].complete = true;
  if (program_->uses_frames) memory.remember(update.transaction, index(update.direction));
  const FlowMemory::Moved moved{&update.transaction, update.direction};
  const bool known = std::ranges::any_of(memory.moved, [&](const FlowMemory::Moved& other) {
    return other.transaction == moved.transaction && other.direction == moved.direction;
  });
  if (known) return;
  if (memory.moved.size() >= FlowMemory::moved_most) {
    inspect_transaction(update.transaction, {update.packet, &update.flow, &memory, update.direction});
    if (update.packet == nullptr) flush();
    return;
  }
  ++moved.transaction->holds;
  memory.moved.push_back(moved);
}

void SignatureDetector::on_packet(const Packet& packet) {
  // What passes as a tunnel passes with all it carries.
  packet_passed_ = packet.tunnel_depth != 0 && passed_frame_ == packet.number;
  Scope scope{&packet, packet.flow, nullptr, packet.direction};
  if (packet.flow != nullptr) scope.memory = &memory_of(*packet.flow);
  if (scope.memory != nullptr) {
    auto& memory = *scope.memory;
    const bool from_the_start = packet.flow->midstream_policy == collectors::ExceptionPolicy::bypass;
    memory.passed = memory.passed || packet.flow->passed || from_the_start;
    if (memory.passed) return memory.forget_moved();
  }
  if (program_->uses_stream_size && scope.memory != nullptr && packet.is_tcp()) track_sequence(packet, *scope.memory);
  inspect_packet(packet, scope);
  if (scope.memory != nullptr) {
    inspect_waiting_stream(scope);
    if (program_->uses_frames) inspect_frames(scope);
    inspect_moved(scope);
    if (packet.flow->bypassed) end_inspection(scope);
    for (auto& window : scope.memory->stream) window.trim();
  }
  flush();
  if (scope.memory == nullptr) return;
  if (auto* const found = scope.memory->found.get()) found->packet_variables.clear();
}

// The flow is bypassed from here on: what waits is looked at now or never.
void SignatureDetector::end_inspection(const Scope& scope) {
  Scope other = scope;
  other.direction = collectors::opposite(scope.direction);
  for (const auto& side : {scope, other}) {
    if (scope.memory->passed) break;
    inspect_stream(side);
    inspect_moved(side);
  }
  scope.memory->forget_moved();
  scope.memory->passed = true;
}

// A stream is looked at with a packet of its own direction, once something in it is complete or there is much of it.
void SignatureDetector::inspect_waiting_stream(const Scope& scope) {
  const auto& window = scope.memory->stream[index(scope.direction)];
  if (!window.pending) return;
  if (window.due() || collectors::tcp_is_closing(*scope.flow)) inspect_stream(scope);
}

void SignatureDetector::inspect_moved(const Scope& scope) {
  auto& moved = scope.memory->moved;
  // What one side of a connection said is known when the other has acknowledged it; its next packet is the place to
  // say so. A datagram is whole at once.
  const bool any_side = scope.packet != nullptr && !scope.packet->is_tcp();
  std::size_t kept = 0;
  for (std::size_t i = 0; i < moved.size(); ++i) {
    const auto item = moved[i];
    if (!any_side && item.direction != scope.direction) {
      moved[kept++] = item;
      continue;
    }
    inspect_transaction(*item.transaction, {scope.packet, scope.flow, scope.memory, item.direction});
    --item.transaction->holds;
  }
  moved.resize(kept);
  if (scope.memory->passed) scope.memory->forget_moved();
}

void SignatureDetector::on_flow_end(Flow& flow, collectors::FlowEnd) {
  auto& memory = memory_of(flow);
  packet_passed_ = false;
  for (const auto direction : {Direction::to_server, Direction::to_client}) {
    if (memory.passed) break;
    const Scope scope{nullptr, &flow, &memory, direction};
    inspect_stream(scope);
    if (memory.frames) inspect_frames(scope);
    inspect_moved(scope);
  }
  memory.forget_moved();
  flush();
}

// Nothing came for a while: what waits for more is looked at as it is.
void SignatureDetector::on_quiet(Flow& flow) {
  const auto& place = flow.extension[slot()];
  if (place == nullptr) return;
  auto& memory = static_cast<FlowMemory&>(*place);
  if (memory.passed) return;
  packet_passed_ = false;
  for (const auto direction : {Direction::to_server, Direction::to_client}) {
    auto& window = memory.stream[index(direction)];
    Scope scope{nullptr, &flow, &memory, direction};
    scope.latest = window.last_packet;
    inspect_stream(scope);
    inspect_moved(scope);
    window.trim();
  }
  flush();
}

void SignatureDetector::recall(const Flow& flow, FlowRecollection& out) const {
  const auto* place = flow.extension[slot()].get();
  if (place == nullptr) return;
  const auto& memory = static_cast<const FlowMemory&>(*place);
  for (std::uint32_t bit = 0; bit < program_->flow_bits.size() && bit < 64 * memory.bits.size(); ++bit)
    if (memory.bit(bit)) out.bits.emplace_back(program_->flow_bits[bit]);
  for (const auto& [variable, value] : memory.found->integers)
    out.integers.emplace_back(program_->flow_integers[variable], value);
  out.variables = memory.found->variables;
  out.packet_variables = memory.found->packet_variables;
  for (const auto& [buffer, value] : memory.found->entropies) out.entropies.emplace_back(buffer, value);
}

void SignatureDetector::sort_candidates() {
  std::ranges::sort(candidates_);
  const auto repeated = std::ranges::unique(candidates_);
  candidates_.erase(repeated.begin(), repeated.end());
}

void SignatureDetector::add_rules(const PatternGroup& group, Bytes bytes) {
  if (group.database.empty()) return;
  patterns_.clear();
  group.database.scan(bytes, scratch_, patterns_);
  for (const auto pattern : patterns_)
    candidates_.insert(candidates_.end(), group.rules[pattern].begin(), group.rules[pattern].end());
}

bool SignatureDetector::match_view(const Chain& chain, const BufferView& view, const Scope& scope,
                                   const NumberSource& number) {
  const bool holds = matcher_.match(chain.tests, view, number);
  if (scope.memory == nullptr) return holds;
  if (matcher_.entropy()) scope.memory->set_entropy(buffer_label(chain), *matcher_.entropy());
  if (holds && !matcher_.captured().empty()) keep_captured(scope);
  return holds;
}

// Kept from when its buffer matches, as the rest of the rule may look at what it captured.
void SignatureDetector::keep_captured(const Scope& scope) {
  using CaptureScope = PcreTest::CaptureScope;
  for (const auto& [capture, value] : matcher_.captured()) {
    if (capture->scope == CaptureScope::alert) continue;  // told with the reasons
    auto& found = scope.memory->found.make();
    FlowMemory::keep(capture->scope == CaptureScope::flow ? found.variables : found.packet_variables, capture->name,
                     value);
  }
}

void SignatureDetector::matched(const Signature& signature, const Scope& scope, Transaction* transaction) {
  add_one(counters_->rules[signature.rank].matches);
  if (scope.memory != nullptr) scope.memory->apply(signature);
  const auto& info = *signature.info;
  if (scope.flow != nullptr) {
    scope.flow->bypassed = scope.flow->bypassed || info.bypass;
    scope.flow->silent = scope.flow->silent || info.silence_flow;
  }
  if (transaction != nullptr) transaction->silent = transaction->silent || info.silence_transaction;
  if (info.action == Action::pass) {
    packet_passed_ = true;
    const bool whole_flow = signature.kind != RuleKind::packet;
    if (whole_flow && scope.memory != nullptr) scope.memory->passed = scope.flow->passed = true;
    if (scope.packet != nullptr) passed_frame_ = scope.packet->number;
    return;
  }
  if (packet_passed_ || (scope.memory != nullptr && scope.memory->passed)) return;
  const bool in_packet = transaction == nullptr && scope.packet != nullptr && !scope.stream;
  const AlertScene scene{scope.packet,    scope.flow, transaction,
                         scope.direction, !in_packet, signature.protocol.application != collectors::Protocol::unknown,
                         scope.frame};
  if (info.keep_files && annotator_ != nullptr && transaction != nullptr) annotator_->keep_files(scene, info.sid);
  if (info.noalert && info.host_bits.empty()) return;
  MatchReport report{signature, scope, transaction, std::move(reasons_), program_->home.get(), host_, exercise_};
  alerts_.push_back({make_alert(std::move(report), names_), scene});
  reasons_.clear();
  if (scope.flow != nullptr && !info.noalert) scope.flow->alerted = true;
}

void SignatureDetector::flush() {
  counters_->matches_limited.store(matcher_.limited(), std::memory_order_relaxed);
  if (alerts_.empty()) return;
  std::ranges::stable_sort(alerts_, {}, [](const Pending& pending) { return pending.alert.order; });
  std::size_t shown = 0;
  for (auto& [alert, scene] : alerts_) {
    const auto& info = static_cast<const SignatureInfo&>(*alert.rule);
    if (!info.noalert && ++shown > settings_.alerts_per_packet_most) {
      add_one(counters_->alerts_over_cap);
      continue;
    }
    if (annotator_ != nullptr && !info.noalert) annotator_->annotate(alert, scene);
    if (sink_ != nullptr) sink_->raise(std::move(alert));
  }
  alerts_.clear();
}

}  // namespace tocsin::rules::signature
