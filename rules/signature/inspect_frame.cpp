// Rules on frames: each is looked at once, when it was cut.
#include "rules/signature/alert_maker.h"
#include "rules/signature/detector.h"
#include "rules/signature/match/transform.h"
#include "rules/signature/timed.h"

namespace tocsin::rules::signature {

using collectors::Direction;
using collectors::Frame;

class SignatureDetector::FrameInspector final : public collectors::FrameSink {
 public:
  FrameInspector(SignatureDetector& detector, const Scope& scope) : detector_(detector), scope_(scope) {}
  void frame(const Frame& frame) override { detector_.inspect_frame(frame, scope_); }

 private:
  SignatureDetector& detector_;
  const Scope& scope_;
};

void SignatureDetector::inspect_frames(const Scope& scope) {
  auto& memory = *scope.memory;
  FrameInspector inspector(*this, scope);
  if (scope.packet != nullptr && scope.packet->is_udp() && !scope.packet->payload.empty()) {
    if (!memory.frames) memory.frames = std::make_unique<collectors::FrameCutter>();
    memory.frames->datagram(*scope.flow, scope.packet->direction, scope.packet->payload, inspector);
  }
  if (memory.frames) memory.frames->cut(*scope.flow, inspector);
}

void SignatureDetector::inspect_frame(const Frame& frame, const Scope& scope) {
  const auto& rules = program_->frame_rules[static_cast<std::size_t>(frame.kind)];
  if (rules.empty() || packet_passed_ || scope.memory->passed) return;
  Scope inner = scope;
  inner.direction = frame.direction;
  inner.stream = !frame.datagram;
  inner.frame = &frame;
  const bool to_server = frame.direction == Direction::to_server;
  for (const auto number : rules) {
    const auto& signature = program_->signatures[number];
    if (to_server ? !signature.to_server : !signature.to_client) continue;
    const Timed timed(counters_->rules[number], sampler_);
    reasons_.clear();
    if (!frame_rule_matches(signature, inner)) continue;
    // What it is about, as far as that is known: the last that moved on this side.
    matched(signature, inner, scope.memory->latest[to_server ? 0 : 1]);
    // Its bytes are gone when the next one is cut.
    flush();
    if (packet_passed_) return;
  }
}

bool SignatureDetector::frame_rule_matches(const Signature& signature, const Scope& scope) {
  if (!header_fits(signature, scope) || !packet_tests_hold(signature, scope)) return false;
  if (!scope.memory->conditions_hold(signature)) return false;
  matcher_.start_rule(signature.variables);
  for (const auto& chain : signature.chains) {
    if (chain.source != Source::protocol_frame) {
      if (match_payload_chain(chain, scope) != ChainResult::yes) return false;
      continue;
    }
    if (chain.frame != scope.frame->kind) return false;
    Bytes bytes = scope.frame->bytes;
    std::size_t turn = 0;
    for (const auto& transform : chain.transforms) {
      auto& out = transformed_[turn++ % 2];
      apply_transform(transform, bytes, out, matcher_.regex_scratch());
      bytes = out;
    }
    if (!match_view(chain, BufferView{bytes, 0, true}, scope)) return false;
    describe_hits(chain, matcher_, bytes, 0, scope.direction, scope.stream, reasons_);
  }
  return true;
}

}  // namespace tocsin::rules::signature
