#pragma once
// One worker's share of the pipeline: a packet lane (decode, flows, streams, protocols, packet engines) and an event
// lane (engines that look at records and log lines, and at whole files). Each runs on one thread at a time; what comes
// out is collected and taken between rounds.

#include <memory>
#include <string>
#include <vector>

#include "collectors/packet/worker.h"
#include "daemon/app/desk.h"
#include "daemon/app/evidence/tap.h"
#include "daemon/eve/observer.h"
#include "rules/detector.h"

namespace tocsin::daemon {

struct LaneContext {
  FieldNames& names;
  std::size_t worker = 0;
  std::size_t workers = 1;
  std::string host;
  Exercise exercise = Exercise::no;
  const EveOptions* eve = nullptr;               // null: no EVE records
  const EvidenceTapOptions* evidence = nullptr;  // null: none is taken
};

class PacketLane final : public collectors::RecordSink {
 public:
  PacketLane(const LaneContext& context, const collectors::PacketOptions& options, std::vector<ActiveRules>& active);
  ~PacketLane() override;

  void process(const collectors::RawFrame& frame) {
    if (tap_) tap_->take(frame);
    worker_->process(frame);
  }
  void finish();
  collectors::PacketWorker& worker() noexcept { return *worker_; }
  std::vector<TakenEvidence> take_evidence() { return tap_ ? tap_->take_finished() : std::vector<TakenEvidence>{}; }
  std::vector<rules::Alert> take_alerts() { return alerts_.take(); }
  std::vector<EventBatch> take_records() { return std::exchange(records_, {}); }
  const EveObserver* eve() const noexcept { return eve_.get(); }
  std::vector<KeptFile> take_files() { return eve_ == nullptr ? std::vector<KeptFile>{} : eve_->take_files(); }
  std::vector<EveRecord> take_eve() { return eve_ == nullptr ? std::vector<EveRecord>{} : eve_->take(); }

  void on_records(EventBatch batch) override { records_.push_back(std::move(batch)); }

 private:
  AlertBuffer alerts_;
  std::vector<EventBatch> records_;
  std::unique_ptr<EveObserver> eve_;
  std::unique_ptr<EvidenceTap> tap_;
  std::vector<std::unique_ptr<rules::Detector>> detectors_;
  std::unique_ptr<collectors::PacketWorker> worker_;
};

class EventLane {
 public:
  EventLane(const LaneContext& context, std::vector<ActiveRules>& active);

  void inspect(const EventBatch& batch);
  void inspect(const rules::FileView& file);
  std::vector<rules::Alert> take_alerts() { return alerts_.take(); }

 private:
  AlertBuffer alerts_;
  std::vector<std::unique_ptr<rules::Detector>> detectors_;
};

}  // namespace tocsin::daemon
