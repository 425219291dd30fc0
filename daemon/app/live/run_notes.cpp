#include "daemon/app/live/run_notes.h"

#include <algorithm>

#include <fmt/format.h>

#include "responders/action/table.h"

namespace tocsin::daemon {
namespace {

using responders::RunRecord;
using Kind = RunRecord::Kind;

responders::Actor self() {
  responders::Actor out;
  out.name = "tocsind";
  return out;
}

// Merged incidents go on as another one.
IncidentId living(Keeper& keeper, IncidentId id) {
  constexpr int merges_most = 32;
  for (int i = 0; i < merges_most; ++i) {
    const auto incident = keeper.casework().incident(id);
    if (!incident || !incident->merged_into) break;
    id = incident->merged_into;
  }
  return id;
}

}  // namespace

RunNotes::RunNotes(RunIdentity run, OnCasework casework, const Clock& clock)
    : run_(std::move(run)), casework_(std::move(casework)), clock_(clock) {}

void RunNotes::recall(const std::vector<RunRecord>& records) {
  begun_ = true;
  for (const auto& record : records)
    if (record.kind == Kind::intent) actions_[record.execution] = record.detail;
}

std::string RunNotes::label_of(const std::string& step) const {
  if (run_.plan)
    for (const auto& planned : run_.plan->steps())
      if (planned.id == step) return planned.label;
  return step;
}

Result<void> RunNotes::append(std::span<const RunRecord> records) {
  for (const auto& record : records)
    if (record.kind == Kind::intent) actions_[record.execution] = record.detail;
  auto written = casework_([&](Keeper& keeper) -> Result<void> {
    for (const auto& record : records) TOCSIN_CHECK(write(keeper, record));
    return {};
  });
  if (written) begun_ = true;
  return written;
}

Result<void> RunNotes::write(Keeper& keeper, const RunRecord& record) {
  if (record.kind == Kind::started) TOCSIN_CHECK(begin(keeper, record));
  else if (record.kind == Kind::waiting) TOCSIN_CHECK(put_state(keeper, "waiting"));
  else if (record.kind == Kind::paused) TOCSIN_CHECK(put_state(keeper, "paused"));
  else if (record.kind == Kind::continued || record.kind == Kind::retried) TOCSIN_CHECK(put_state(keeper, "running"));
  else if (record.kind == Kind::finished) TOCSIN_CHECK(put_state(keeper, record.status));
  else if (record.kind == Kind::outcome || record.kind == Kind::answer) TOCSIN_CHECK(put_state(keeper, "running"));
  RunStepRow row;
  row.run = run_.id;
  row.key = render_uuid(run_.id.uuid) + ":" + record.execution;
  // These may happen again; the others are written once.
  if (record.kind == Kind::paused || record.kind == Kind::continued || record.kind == Kind::retried ||
      record.kind == Kind::finished || record.kind == Kind::agreed)
    row.key += fmt::format("@{}", record.time.time_since_epoch().count());
  row.step = label_of(record.step);
  if (const auto action = actions_.find(record.execution); action != actions_.end()) row.action = action->second;
  row.phase = responders::run_record_kind_name(record.kind);
  row.time = record.time;
  row.outcome = record.status;
  row.json = responders::render_json(record);
  TOCSIN_TRY(const bool fresh, keeper.store().records().put_run_step(row));
  if (!fresh && (record.kind == Kind::intent || record.kind == Kind::outcome))
    return fail(Code::conflict, fmt::format("{} has its {} already; it is not done twice", row.key, row.phase));
  return tell(keeper, record);
}

Result<void> RunNotes::begin(Keeper& keeper, const RunRecord& record) {
  auto& records = keeper.store().records();
  TOCSIN_TRY(const auto before, records.runs(run_.incident));
  for (const auto& other : before) {
    if (other.mode != "apply" || other.playbook != run_.playbook) continue;
    const auto name = render_uuid(other.id.uuid);
    if (other.under_way())
      return fail(Code::conflict, fmt::format("\"{}\" is under way for {} (run {}); see tocsin playbook status {}",
                                              other.playbook, run_.alias, name, name));
    if (run_.repeat == Repeat::refused && (other.state == "completed" || other.state == "unknown"))
      return fail(Code::conflict, fmt::format("\"{}\" ran for {} already (run {}, {}); add --again to run it once more",
                                              other.playbook, run_.alias, name, other.state));
  }
  RunRow row;
  row.id = run_.id;
  row.incident = run_.incident;
  row.playbook = run_.playbook;
  row.mode = "apply";
  row.state = "running";
  row.started = row.updated = record.time;
  TOCSIN_CHECK(records.put_run(row));
  AuditEntry entry;
  entry.time = record.time;
  entry.actor = run_.actor;
  entry.act = "playbook.run";
  entry.target = fmt::format("{} {}", run_.alias, run_.playbook);
  entry.reason = run_.reason;
  entry.outcome = "ok";
  return records.add_audit(entry);
}

Result<void> RunNotes::put_state(Keeper& keeper, const std::string& state) {
  RunRow row;
  row.id = run_.id;
  row.incident = run_.incident;
  row.playbook = run_.playbook;
  row.mode = "apply";
  row.state = state;
  row.started = run_.started;
  row.updated = clock_.now();
  return keeper.store().records().put_run(row);
}

Result<void> RunNotes::tell(Keeper& keeper, const RunRecord& record) {
  responders::change::RunRecorded entry;
  entry.phase = responders::change::RunPhase::step;
  entry.step = label_of(record.step);
  if (const auto action = actions_.find(record.execution); action != actions_.end()) entry.action = action->second;
  entry.text = record.detail;
  switch (record.kind) {
    case Kind::started:
      entry.phase = responders::change::RunPhase::started;
      entry.outcome = "started";
      entry.text = run_.reason;
      return add_to_timeline(keeper, std::move(entry), run_.actor);
    case Kind::waiting: entry.outcome = "waiting"; break;
    case Kind::answer: entry.outcome = "answered"; break;
    case Kind::agreed: entry.outcome = record.status; break;
    case Kind::paused:
    case Kind::continued:
    case Kind::retried: entry.outcome = responders::run_record_kind_name(record.kind); break;
    case Kind::outcome: {
      entry.outcome = record.status == "done" ? "applied" : record.status;
      const auto* row = responders::find_action(entry.action);
      entry.contained =
          record.status == "done" && row != nullptr && row->spec.blast_radius != responders::BlastRadius::message;
      break;
    }
    case Kind::finished:
      entry.phase = responders::change::RunPhase::finished;
      entry.outcome = record.status;
      break;
    case Kind::input:
    case Kind::step:
    case Kind::intent: return {};
  }
  return add_to_timeline(keeper, std::move(entry), self());
}

Result<void> RunNotes::add_to_timeline(Keeper& keeper, responders::change::RunRecorded entry,
                                       const responders::Actor& actor) {
  entry.run = run_.id;
  entry.playbook = run_.playbook;
  entry.mode = "apply";
  TOCSIN_TRY([[maybe_unused]] const auto after,
             keeper.casework().command(living(keeper, run_.incident), responders::command::RecordRun{std::move(entry)},
                                       actor));
  return {};
}

Result<void> RunNotes::undone(const std::string& key, const std::string& outcome, const std::string& text) {
  return casework_([&](Keeper& keeper) -> Result<void> {
    responders::change::RunRecorded entry;
    entry.phase = responders::change::RunPhase::step;
    entry.outcome = outcome;
    entry.step = fmt::format("undo {}", key.substr(0, 12));
    entry.text = text;
    return add_to_timeline(keeper, std::move(entry), run_.actor);
  });
}

Result<void> RunNotes::close(const std::string& state, const std::string& why) {
  return casework_([&](Keeper& keeper) -> Result<void> {
    TOCSIN_CHECK(put_state(keeper, state));
    responders::change::RunRecorded entry;
    entry.phase = responders::change::RunPhase::finished;
    entry.outcome = state;
    entry.text = why;
    return add_to_timeline(keeper, std::move(entry), self());
  });
}

}  // namespace tocsin::daemon
