#include "daemon/app/lanes.h"

namespace tocsin::daemon {
namespace {

rules::WorkerContext worker_context(const LaneContext& lane, rules::AlertAnnotator* annotator) {
  return rules::WorkerContext{lane.names, lane.worker, lane.workers, lane.host, lane.exercise, annotator};
}

}  // namespace

PacketLane::PacketLane(const LaneContext& context, const collectors::PacketOptions& options,
                       std::vector<ActiveRules>& active) {
  if (context.eve != nullptr) eve_ = std::make_unique<EveObserver>(*context.eve);
  std::vector<collectors::Observer*> observers;
  rules::AlertSink* sink = &alerts_;
  rules::AlertAnnotator* annotator = eve_.get();
  if (context.evidence != nullptr) {
    tap_ = std::make_unique<EvidenceTap>(*context.evidence, alerts_, annotator);
    observers = tap_->observers();
    sink = &tap_->sink();
    annotator = &tap_->annotator();
  }
  for (auto& rules : active) {
    auto detector = rules.set->attach(worker_context(context, annotator), *rules.state);
    if (auto* observer = detector->observer(*sink)) {
      observers.push_back(observer);
      detectors_.push_back(std::move(detector));
    }
  }
  // Last, so that its records know what the engines made of the packet.
  if (eve_ != nullptr) {
    for (const auto& detector : detectors_) eve_->ask(*detector);
    observers.push_back(eve_.get());
  }
  worker_ = std::make_unique<collectors::PacketWorker>(options, context.names, *this, observers);
}

PacketLane::~PacketLane() = default;

void PacketLane::finish() {
  worker_->finish();
  if (tap_) tap_->finish();
}

EventLane::EventLane(const LaneContext& context, std::vector<ActiveRules>& active) {
  for (auto& rules : active) detectors_.push_back(rules.set->attach(worker_context(context, nullptr), *rules.state));
}

void EventLane::inspect(const EventBatch& batch) {
  for (auto& detector : detectors_) detector->inspect(batch, alerts_);
}

void EventLane::inspect(const rules::FileView& file) {
  for (auto& detector : detectors_) detector->inspect(file, alerts_);
}

}  // namespace tocsin::daemon
