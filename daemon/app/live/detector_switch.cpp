#include "daemon/app/live/detector_switch.h"

#include "collectors/base/assert.h"

namespace tocsin::daemon {

using collectors::Flow;

// Says which generation of detectors last saw its flow or transaction. Lives in our own slot.
struct DetectorSwitch::Mark final : collectors::FlowExtension {
  explicit Mark(std::uint64_t g) : generation(g) {}
  std::uint64_t generation;
};

template <class Carrier>
void DetectorSwitch::renew(Carrier& carrier) {
  if (generation_ <= 1) return;
  auto& mark = carrier.extension[slot()];
  if (mark != nullptr && static_cast<Mark&>(*mark).generation == generation_) return;
  const std::size_t dropped = carrier.extension.size() - (lasting_ == nullptr ? 0 : 1);
  for (std::size_t i = 0; i < dropped; ++i) carrier.extension[i].reset();
  mark = std::make_unique<Mark>(generation_);
}

void DetectorSwitch::attached(std::size_t slot) {
  Observer::attached(slot);
  TOCSIN_ASSERT(slot == 0);  // it must be the worker's only observer: the other slots are its detectors'
  if (lasting_ != nullptr) lasting_->attached(Flow::extensions_most - 1);
}

std::vector<std::unique_ptr<rules::Detector>> DetectorSwitch::use(
    std::vector<std::unique_ptr<rules::Detector>> detectors, rules::AlertSink& sink) {
  ++generation_;
  observers_.clear();
  detectors_.swap(detectors);
  observers_ = leading_;
  for (auto& detector : detectors_) {
    auto* observer = detector->observer(sink);
    if (observer == nullptr) continue;
    observers_.push_back(observer);
    TOCSIN_ASSERT(observers_.size() < Flow::extensions_most - 1);
    observer->attached(observers_.size());
  }
  if (lasting_ != nullptr) observers_.push_back(lasting_);
  return detectors;
}

void DetectorSwitch::on_flow_start(Flow& flow, const collectors::Packet& packet) {
  renew(flow);
  for (auto* observer : observers_) observer->on_flow_start(flow, packet);
}

void DetectorSwitch::on_packet(const collectors::Packet& packet) {
  if (packet.flow != nullptr) renew(*packet.flow);
  for (auto* observer : observers_) observer->on_packet(packet);
}

void DetectorSwitch::on_stream(const collectors::StreamChunk& chunk) {
  renew(chunk.flow);
  for (auto* observer : observers_) observer->on_stream(chunk);
}

void DetectorSwitch::on_transaction(const collectors::TransactionUpdate& update) {
  renew(update.flow);
  renew(update.transaction);
  for (auto* observer : observers_) observer->on_transaction(update);
}

void DetectorSwitch::on_transaction_end(const collectors::TransactionUpdate& update) {
  renew(update.flow);
  renew(update.transaction);
  for (auto* observer : observers_) observer->on_transaction_end(update);
}

void DetectorSwitch::on_file(const collectors::FileChunk& chunk) {
  renew(chunk.flow);
  if (chunk.transaction != nullptr) renew(*chunk.transaction);
  for (auto* observer : observers_) observer->on_file(chunk);
}

void DetectorSwitch::on_flow_end(Flow& flow, collectors::FlowEnd reason) {
  renew(flow);
  for (auto* observer : observers_) observer->on_flow_end(flow, reason);
}

void DetectorSwitch::on_quiet(Flow& flow) {
  renew(flow);
  for (auto* observer : observers_) observer->on_quiet(flow);
}

void DetectorSwitch::on_time(Time now) {
  for (auto* observer : observers_) observer->on_time(now);
}

}  // namespace tocsin::daemon
