#pragma once
// The smaller books of the store: audit, blind intervals, evidence, segments, outbox, reports made, playbook runs. Each
// call joins the transaction that is open or is one of its own. The casework thread.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/id.h"
#include "collectors/base/time.h"
#include "daemon/store/database.h"
#include "responders/incident/evidence.h"

namespace tocsin::daemon {

// Who did what to tocsin itself; hash-chained like the journal.
struct AuditEntry {
  std::uint64_t sequence = 0;  // given by the store
  Time time{};
  responders::Actor actor;
  std::string act;     // "rules.reload", "evidence.read", "action.approve"
  std::string target;  // what it was done to
  std::string reason;
  std::string outcome;  // "ok" or the error
};
std::string render_json(const AuditEntry& entry);

// A time in which something was not seen or not kept.
struct BlindInterval {
  std::string source;  // "live:eth0", "store"
  std::string cause;   // "ring full", "disk full"
  Time since{};
  Time until{};
  std::uint64_t count = 0;  // packets, lines, alerts
  Exercise exercise = Exercise::no;
};

struct SegmentRow {
  std::string event_class;  // "log", "packet"
  std::uint64_t number = 0;
  std::string state;  // "open", "sealed"
  Time first{};
  Time last{};
  std::uint64_t events = 0;
  std::uint64_t bytes = 0;  // committed length
};

// A message for the centre (daemon/fleet); stays until the centre has it.
struct OutboxRow {
  std::int64_t id = 0;
  std::string subject;
  std::string key;  // the same key is sent once
  std::string payload;
  Time created{};
  std::uint64_t attempts = 0;
  Time next_attempt{};
  std::string last_error;
};

struct ReportRow {
  std::string period;  // "daily/2026-11-22"
  std::string kind;
  Time since{};
  Time until{};
  Time made{};
  std::vector<std::string> files;
};

struct RunRow {
  RunId id;
  IncidentId incident;
  std::string playbook;
  std::string mode;   // "rehearse", "apply"
  std::string state;  // "running", "waiting", "paused"; "completed", "failed", "cancelled", "unknown"
  Exercise exercise = Exercise::no;
  Time started{};
  Time updated{};

  bool under_way() const noexcept { return state == "running" || state == "waiting" || state == "paused"; }
};
// Intent before the effect, outcome after it; (key, phase) once. A run that applies has a row for each RunRecord.
struct RunStepRow {
  RunId run;
  std::string key;  // idempotency key
  std::string step;
  std::string action;
  std::string phase;  // kind of the RunRecord: "started", …, "intent", "waiting", "outcome", …
  Time time{};
  std::string outcome;
  std::string json;
};

class Records {
 public:
  explicit Records(Database& database) : database_(database) {}

  Result<void> add_audit(const AuditEntry& entry);
  Result<void> add_blind(const BlindInterval& interval);  // the same source, cause and start: extended

  Result<void> put_segment(const SegmentRow& segment);
  Result<void> drop_segment(std::string_view event_class, std::uint64_t number);
  Result<std::vector<SegmentRow>> segments(std::string_view event_class);

  Result<bool> put_outbox(const OutboxRow& row);  // false: the key is waiting already
  Result<std::vector<OutboxRow>> due_outbox(Time now, std::size_t most);
  Result<void> postpone_outbox(std::int64_t id, Time next, std::string_view error);
  Result<void> drop_outbox(std::int64_t id);

  // Exactly once per period: false when the period was made already.
  Result<bool> put_report(const ReportRow& report);
  Result<std::optional<ReportRow>> report(std::string_view period);
  Result<std::optional<ReportRow>> last_report(std::string_view kind);
  // Those that have files, newest first.
  Result<std::vector<ReportRow>> reports(std::size_t most);

  Result<void> put_run(const RunRow& run);
  // False: this key has this phase already; the effect must not happen again.
  Result<bool> put_run_step(const RunStepRow& step);
  Result<std::vector<RunStepRow>> run_steps(RunId run);
  // Keys with an intent and no outcome: after a crash nobody knows whether they took effect.
  Result<std::vector<RunStepRow>> unfinished_steps();
  Result<std::vector<RunRow>> runs(IncidentId incident);  // all when zero; oldest first
  Result<std::vector<RunRow>> runs_under_way();           // that apply; oldest first

  Result<void> put_evidence(const responders::Evidence& evidence);
  Result<std::optional<responders::Evidence>> evidence(const Sha256& digest);
  // All when zero; in the order they were collected.
  Result<std::vector<responders::Evidence>> evidence_of(IncidentId incident);
  // Of what the vault holds.
  Result<std::uint64_t> evidence_bytes();
  // What may go when room is needed, first what should go first: evidence of closed incidents, oldest first.
  Result<std::vector<responders::Evidence>> expendable_evidence(std::size_t most);
  Result<void> add_custody(const responders::CustodyEntry& entry);
  Result<std::vector<responders::CustodyEntry>> custody(const Sha256& digest);

 private:
  Database& database_;
};

}  // namespace tocsin::daemon
