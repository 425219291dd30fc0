#include "daemon/app/keeper.h"

#include <algorithm>

namespace tocsin::daemon {

Keeper::Keeper(std::unique_ptr<Store> store, responders::Casework casework, std::unique_ptr<SegmentWriter> durable,
               std::unique_ptr<SegmentWriter> transient, const FieldNames& names, std::vector<std::string> classes)
    : store_(std::move(store)),
      casework_(std::move(casework)),
      durable_(std::move(durable)),
      transient_(std::move(transient)),
      names_(names),
      classes_(std::move(classes)) {}

Result<std::unique_ptr<Keeper>> Keeper::open(KeeperOptions options, const Clock& clock, const FieldNames& names) {
  TOCSIN_TRY(auto store, Store::open(options.directory, OpenMode::create, clock, options.store));
  const auto writer = [&](const char* event_class, SegmentTail tail) -> Result<std::unique_ptr<SegmentWriter>> {
    TOCSIN_TRY(const auto known, store->records().segments(event_class));
    SegmentOptions segment;
    segment.event_class = event_class;
    segment.tail = tail;
    return SegmentWriter::open(options.directory / "events", std::move(segment), known);
  };
  TOCSIN_TRY(auto durable, writer("log", SegmentTail::committed));
  TOCSIN_TRY(auto transient, writer("packet", SegmentTail::intact));
  TOCSIN_TRY(auto casework,
             responders::Casework::start(store->journal(), clock, options.ids, std::move(options.casework)));
  return std::unique_ptr<Keeper>(new Keeper(std::move(store), std::move(casework), std::move(durable),
                                            std::move(transient), names, std::move(options.event_classes)));
}

void Keeper::append(const EventBatch& batch, Durability durability) {
  auto& writer = durability == Durability::durable ? *durable_ : *transient_;
  for (const auto& event : batch.events()) {
    if (!classes_.empty() &&
        std::ranges::find(classes_, event_class_name(event.header().event_class)) == classes_.end())
      continue;
    // A disk that is full shows at the next flush; until then the writer counts what it cannot keep.
    if (writer.append(event, names_)) appended_ = true;
  }
}

Result<CheckpointOutcome> Keeper::checkpoint() {
  Checkpoint round;
  round.alerts = std::exchange(alerts_, {});
  round.positions = std::exchange(positions_, {});
  round.detectors = std::exchange(detectors_, {});
  appended_ = false;
  CheckpointOutcome out;
  for (auto* writer : {durable_.get(), transient_.get()}) {
    auto rows = writer->flush();
    if (!rows) {
      out.trouble = std::move(rows).error().within("alerts are stored, events are not");
      continue;
    }
    for (auto& row : *rows) round.segments.push_back(std::move(row));
  }
  // Events that are not on disk must be read again, so their positions stay; alerts are stored all the same.
  if (out.trouble) round.positions.clear();
  std::size_t sure = 0;  // of `filed`
  auto committed = store_->commit(
      std::move(round),
      [&](const rules::Alert& alert) -> Result<void> {
        TOCSIN_TRY(const auto taken, casework_.take(alert));
        out.filed.push_back({alert, taken});
        return {};
      },
      [&] { sure = out.filed.size(); });
  if (committed) return out;
  TOCSIN_CHECK(casework_.reload());
  if (committed.error().code != Code::exhausted) return std::unexpected(std::move(committed).error());
  out.filed.erase(out.filed.begin() + static_cast<std::ptrdiff_t>(sure), out.filed.end());
  out.trouble = std::move(committed).error();
  return out;
}

Result<void> Keeper::in_transaction(const std::function<Result<void>()>& change) {
  TOCSIN_CHECK(store_->begin());
  auto done = change();
  if (done) {
    if (auto committed = store_->commit(); !committed) done = std::unexpected(std::move(committed).error());
    else return {};
  }
  store_->rollback();
  TOCSIN_CHECK(casework_.reload());
  return done;
}

Result<void> Keeper::retain(Time events_since, std::uint64_t event_bytes, Time alerts_since,
                            std::uint64_t alert_bytes) {
  for (const auto number : durable_->retain(events_since, event_bytes))
    TOCSIN_CHECK(store_->records().drop_segment("log", number));
  for (const auto number : transient_->retain(events_since, event_bytes))
    TOCSIN_CHECK(store_->records().drop_segment("packet", number));
  TOCSIN_TRY([[maybe_unused]] const auto deleted, store_->retain_alerts(alerts_since));
  if (alert_bytes != 0) {
    TOCSIN_TRY([[maybe_unused]] const auto cut, store_->retain_bytes(alert_bytes));
  }
  return {};
}

}  // namespace tocsin::daemon
