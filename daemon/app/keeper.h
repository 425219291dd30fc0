#pragma once
// Everything that is kept, in one hand: alerts, incidents, events, positions. Whatever a round of the pipeline brought
// is gathered here and committed as ONE checkpoint, so that after kill -9 the next start reads again from where nothing
// is lost, and what comes twice is known. Casework thread (live) or the replay's.

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "collectors/event/event.h"
#include "daemon/store/segment/writer.h"
#include "daemon/store/store.h"
#include "responders/incident/casework.h"
#include "rules/detector.h"

namespace tocsin::daemon {

struct KeeperOptions {
  std::filesystem::path directory;
  StoreOptions store;
  responders::CaseworkOptions casework;
  responders::IncidentIds ids;
  std::vector<std::string> event_classes;  // kept; empty = all
};

// What became of one alert once its checkpoint was committed.
struct FiledAlert {
  rules::Alert alert;
  responders::TakenAlert taken;
};

struct CheckpointOutcome {
  std::vector<FiledAlert> filed;  // the alerts that were new, with their incidents
  std::optional<Error> trouble;   // something could not be kept: events, whose positions stay; or alerts, which wait
};

enum class Durability : std::uint8_t { durable, transient };  // can its source be read again?

class Keeper final : public rules::AlertSink {
 public:
  // `clock` and `names` outlive the keeper.
  static Result<std::unique_ptr<Keeper>> open(KeeperOptions options, const Clock& clock, const FieldNames& names);

  void raise(rules::Alert alert) override { alerts_.push_back(std::move(alert)); }
  // Keeps the events of the classes that are kept.
  void append(const EventBatch& batch, Durability durability);
  void set_position(std::string source, std::string value) {
    positions_.emplace_back(std::move(source), std::move(value));
  }
  void set_detector(std::string engine, std::string state) {
    detectors_.emplace_back(std::move(engine), std::move(state));
  }
  bool idle() const noexcept { return alerts_.empty() && positions_.empty() && detectors_.empty() && !appended_; }

  // What is in the outcome is committed, also when there was trouble: then alerts wait in the store's backlog, and
  // positions are not moved. An error: the store is damaged.
  Result<CheckpointOutcome> checkpoint();

  // What `change` does to casework or the store is committed when it returns; an error rolls it back. Between
  // checkpoints.
  Result<void> in_transaction(const std::function<Result<void>()>& change);

  responders::Casework& casework() noexcept { return casework_; }
  Store& store() noexcept { return *store_; }
  // Since it was made: no room on the disk.
  std::uint64_t events_dropped() const noexcept { return durable_->dropped() + transient_->dropped(); }
  // Deletes what is older or larger than asked. Between checkpoints.
  Result<void> retain(Time events_since, std::uint64_t event_bytes, Time alerts_since, std::uint64_t alert_bytes);

 private:
  Keeper(std::unique_ptr<Store> store, responders::Casework casework, std::unique_ptr<SegmentWriter> durable,
         std::unique_ptr<SegmentWriter> transient, const FieldNames& names, std::vector<std::string> classes);

  std::unique_ptr<Store> store_;
  responders::Casework casework_;
  std::unique_ptr<SegmentWriter> durable_;
  std::unique_ptr<SegmentWriter> transient_;
  const FieldNames& names_;
  const std::vector<std::string> classes_;
  std::vector<rules::Alert> alerts_;
  std::vector<std::pair<std::string, std::string>> positions_;
  std::vector<std::pair<std::string, std::string>> detectors_;
  bool appended_ = false;
};

}  // namespace tocsin::daemon
