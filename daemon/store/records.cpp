#include "daemon/store/records.h"

#include "collectors/base/text.h"
#include "daemon/store/journal.h"

namespace tocsin::daemon {

Result<void> Records::add_audit(const AuditEntry& entry) {
  TOCSIN_TRY(auto last, database_.statement("SELECT sequence, hash FROM audit ORDER BY sequence DESC LIMIT 1"));
  TOCSIN_TRY(const bool row, last.step());
  const responders::ChainHead head =
      row ? responders::ChainHead{last.number(0), read_sha256(last.blob(1))} : responders::ChainHead{};
  const auto json = render_json(entry);
  const auto hash = responders::chain_hash(head.hash, head.sequence + 1, json);
  TOCSIN_TRY(auto insert,
             database_.statement("INSERT INTO audit(sequence, time, uid, login_uid, act, target, previous, "
                                 "hash, json) VALUES(?,?,?,?,?,?,?,?,?)"));
  insert.bind(head.sequence + 1).bind(entry.time).bind(entry.actor.uid).bind(entry.actor.login_uid);
  insert.bind(entry.act).bind(entry.target).bind_blob(head.hash).bind_blob(hash).bind(json);
  TOCSIN_CHECK(insert.run());
  return {};
}

Result<void> Records::add_blind(const BlindInterval& interval) {
  TOCSIN_TRY(auto insert,
             database_.statement("INSERT INTO blind(source, cause, since, until, count, exercise) "
                                 "VALUES(?,?,?,?,?,?) ON CONFLICT(source, cause, since) DO UPDATE SET "
                                 "until = max(until, excluded.until), count = max(count, excluded.count)"));
  insert.bind(interval.source).bind(interval.cause).bind(interval.since).bind(interval.until).bind(interval.count);
  insert.bind(interval.exercise == Exercise::yes ? 1 : 0);
  TOCSIN_CHECK(insert.run());
  return {};
}

Result<void> Records::put_segment(const SegmentRow& s) {
  TOCSIN_TRY(auto put, database_.statement("INSERT OR REPLACE INTO segment(class, number, state, first, last, events, "
                                           "bytes) VALUES(?,?,?,?,?,?,?)"));
  put.bind(s.event_class).bind(s.number).bind(s.state).bind(s.first).bind(s.last).bind(s.events).bind(s.bytes);
  TOCSIN_CHECK(put.run());
  return {};
}

Result<void> Records::drop_segment(std::string_view event_class, std::uint64_t number) {
  TOCSIN_TRY(auto drop, database_.statement("DELETE FROM segment WHERE class = ? AND number = ?"));
  drop.bind(event_class).bind(number);
  TOCSIN_CHECK(drop.run());
  return {};
}

Result<std::vector<SegmentRow>> Records::segments(std::string_view event_class) {
  TOCSIN_TRY(auto query, database_.statement("SELECT class, number, state, first, last, events, bytes FROM segment "
                                             "WHERE class = ? ORDER BY number"));
  query.bind(event_class);
  std::vector<SegmentRow> out;
  for (;;) {
    TOCSIN_TRY(const bool row, query.step());
    if (!row) return out;
    out.push_back({std::string(query.text(0)), query.number(1), std::string(query.text(2)), query.time(3),
                   query.time(4), query.number(5), query.number(6)});
  }
}

Result<bool> Records::put_outbox(const OutboxRow& row) {
  TOCSIN_TRY(auto insert,
             database_.statement("INSERT OR IGNORE INTO outbox(subject, key, payload, created, attempts, next_attempt, "
                                 "last_error) VALUES(?,?,?,?,0,?,'')"));
  insert.bind(row.subject).bind(row.key).bind_blob(as_bytes(row.payload)).bind(row.created).bind(row.created);
  TOCSIN_TRY(const auto changed, insert.run());
  return changed != 0;
}

Result<std::vector<OutboxRow>> Records::due_outbox(Time now, std::size_t most) {
  TOCSIN_TRY(auto query, database_.statement("SELECT id, subject, key, payload, created, attempts, next_attempt, "
                                             "last_error FROM outbox WHERE next_attempt <= ? ORDER BY id LIMIT ?"));
  query.bind(now).bind(static_cast<std::uint64_t>(most));
  std::vector<OutboxRow> out;
  for (;;) {
    TOCSIN_TRY(const bool row, query.step());
    if (!row) return out;
    out.push_back({query.integer(0), std::string(query.text(1)), std::string(query.text(2)),
                   std::string(as_text(query.blob(3))), query.time(4), query.number(5), query.time(6),
                   std::string(query.text(7))});
  }
}

Result<void> Records::postpone_outbox(std::int64_t id, Time next, std::string_view error) {
  TOCSIN_TRY(auto update, database_.statement("UPDATE outbox SET attempts = attempts + 1, next_attempt = ?, last_error "
                                              "= ? WHERE id = ?"));
  update.bind(next).bind(error).bind(id);
  TOCSIN_CHECK(update.run());
  return {};
}

Result<void> Records::drop_outbox(std::int64_t id) {
  TOCSIN_TRY(auto drop, database_.statement("DELETE FROM outbox WHERE id = ?"));
  drop.bind(id);
  TOCSIN_CHECK(drop.run());
  return {};
}

namespace {

std::string join_lines(const std::vector<std::string>& lines) {
  std::string out;
  for (const auto& line : lines) out += line + '\n';
  return out;
}

ReportRow read_report(const Statement& query) {
  ReportRow out{
      std::string(query.text(0)), std::string(query.text(1)), query.time(2), query.time(3), query.time(4), {}};
  for (const auto file : split(query.text(5), '\n'))
    if (!file.empty()) out.files.emplace_back(file);
  return out;
}

constexpr std::string_view report_columns = "SELECT period, kind, since, until, made, files FROM report ";

}  // namespace

Result<bool> Records::put_report(const ReportRow& report) {
  TOCSIN_TRY(auto insert, database_.statement("INSERT OR IGNORE INTO report(period, kind, since, until, made, files) "
                                              "VALUES(?,?,?,?,?,?)"));
  insert.bind(report.period).bind(report.kind).bind(report.since).bind(report.until).bind(report.made);
  insert.bind(join_lines(report.files));
  TOCSIN_TRY(const auto changed, insert.run());
  return changed != 0;
}

Result<std::optional<ReportRow>> Records::report(std::string_view period) {
  TOCSIN_TRY(auto query, database_.statement(std::string(report_columns) + "WHERE period = ?"));
  query.bind(period);
  TOCSIN_TRY(const bool row, query.step());
  if (!row) return std::nullopt;
  return read_report(query);
}

Result<std::optional<ReportRow>> Records::last_report(std::string_view kind) {
  TOCSIN_TRY(auto query,
             database_.statement(std::string(report_columns) + "WHERE kind = ? ORDER BY until DESC LIMIT 1"));
  query.bind(kind);
  TOCSIN_TRY(const bool row, query.step());
  if (!row) return std::nullopt;
  return read_report(query);
}

Result<std::vector<ReportRow>> Records::reports(std::size_t most) {
  TOCSIN_TRY(auto query, database_.statement(std::string(report_columns) +
                                             "WHERE files <> '' ORDER BY made DESC, until DESC, period LIMIT ?"));
  query.bind(static_cast<std::int64_t>(most));
  std::vector<ReportRow> out;
  for (;;) {
    TOCSIN_TRY(const bool row, query.step());
    if (!row) return out;
    out.push_back(read_report(query));
  }
}

Result<void> Records::put_run(const RunRow& run) {
  TOCSIN_TRY(auto put, database_.statement("INSERT INTO run(id, incident, playbook, mode, state, exercise, started, "
                                           "updated) VALUES(?,?,?,?,?,?,?,?) ON CONFLICT(id) DO UPDATE SET state = "
                                           "excluded.state, updated = excluded.updated"));
  put.bind_blob(run.id.uuid.bytes).bind_blob(run.incident.uuid.bytes).bind(run.playbook).bind(run.mode).bind(run.state);
  put.bind(run.exercise == Exercise::yes ? 1 : 0).bind(run.started).bind(run.updated);
  TOCSIN_CHECK(put.run());
  return {};
}

Result<bool> Records::put_run_step(const RunStepRow& step) {
  TOCSIN_TRY(auto insert,
             database_.statement("INSERT INTO run_step(run, key, step, action, phase, time, outcome, json) "
                                 "VALUES(?,?,?,?,?,?,?,?) ON CONFLICT(key, phase) DO NOTHING"));
  insert.bind_blob(step.run.uuid.bytes).bind(step.key).bind(step.step).bind(step.action).bind(step.phase);
  insert.bind(step.time).bind(step.outcome).bind(step.json);
  TOCSIN_TRY(const auto changed, insert.run());
  return changed != 0;
}

namespace {

constexpr std::string_view step_columns = "SELECT run, key, step, action, phase, time, outcome, json FROM run_step ";

Result<std::vector<RunStepRow>> read_steps(Statement& query) {
  std::vector<RunStepRow> out;
  for (;;) {
    TOCSIN_TRY(const bool row, query.step());
    if (!row) return out;
    out.push_back({RunId{read_uuid(query.blob(0))}, std::string(query.text(1)), std::string(query.text(2)),
                   std::string(query.text(3)), std::string(query.text(4)), query.time(5), std::string(query.text(6)),
                   std::string(query.text(7))});
  }
}

}  // namespace

Result<std::vector<RunStepRow>> Records::run_steps(RunId run) {
  TOCSIN_TRY(auto query, database_.statement(std::string(step_columns) + "WHERE run = ? ORDER BY id"));
  query.bind_blob(run.uuid.bytes);
  return read_steps(query);
}

Result<std::vector<RunStepRow>> Records::unfinished_steps() {
  TOCSIN_TRY(auto query, database_.statement(std::string(step_columns) +
                                             "AS s WHERE phase = 'intent' AND NOT EXISTS (SELECT 1 FROM run_step AS o "
                                             "WHERE o.key = s.key AND o.phase = 'outcome') ORDER BY id"));
  return read_steps(query);
}

namespace {

constexpr std::string_view run_columns =
    "SELECT id, incident, playbook, mode, state, exercise, started, updated FROM run ";

Result<std::vector<RunRow>> read_runs(Statement& query) {
  std::vector<RunRow> out;
  for (;;) {
    TOCSIN_TRY(const bool row, query.step());
    if (!row) return out;
    out.push_back({RunId{read_uuid(query.blob(0))}, IncidentId{read_uuid(query.blob(1))}, std::string(query.text(2)),
                   std::string(query.text(3)), std::string(query.text(4)),
                   query.integer(5) != 0 ? Exercise::yes : Exercise::no, query.time(6), query.time(7)});
  }
}

}  // namespace

Result<std::vector<RunRow>> Records::runs(IncidentId incident) {
  TOCSIN_TRY(auto query,
             database_.statement(std::string(run_columns) + "WHERE ?1 IS NULL OR incident = ?1 ORDER BY started, id"));
  if (incident) query.bind_blob(incident.uuid.bytes);
  else query.bind_null();
  return read_runs(query);
}

Result<std::vector<RunRow>> Records::runs_under_way() {
  TOCSIN_TRY(auto query, database_.statement(std::string(run_columns) +
                                             "WHERE mode = 'apply' AND state IN ('running', 'waiting', 'paused') "
                                             "ORDER BY started, id"));
  return read_runs(query);
}

Result<void> Records::put_evidence(const responders::Evidence& e) {
  TOCSIN_TRY(auto insert, database_.statement("INSERT OR IGNORE INTO evidence(digest, size, name, collector, host, "
                                              "collected, incident) VALUES(?,?,?,?,?,?,?)"));
  insert.bind_blob(e.digest).bind(e.size).bind(e.name).bind(e.collector).bind(e.host).bind(e.collected);
  if (e.incident) insert.bind_blob(e.incident.uuid.bytes);
  else insert.bind_null();
  TOCSIN_CHECK(insert.run());
  return {};
}

namespace {

constexpr std::string_view evidence_columns =
    "SELECT digest, size, name, collector, host, collected, incident FROM evidence ";

responders::Evidence read_evidence(const Statement& row) {
  return {read_sha256(row.blob(0)), row.number(1), std::string(row.text(2)),          std::string(row.text(3)),
          std::string(row.text(4)), row.time(5),   IncidentId{read_uuid(row.blob(6))}};
}

}  // namespace

Result<std::optional<responders::Evidence>> Records::evidence(const Sha256& digest) {
  TOCSIN_TRY(auto query, database_.statement(std::string(evidence_columns) + "WHERE digest = ?"));
  query.bind_blob(digest);
  TOCSIN_TRY(const bool row, query.step());
  if (!row) return std::nullopt;
  return read_evidence(query);
}

Result<std::vector<responders::Evidence>> Records::evidence_of(IncidentId incident) {
  TOCSIN_TRY(auto query, database_.statement(std::string(evidence_columns) +
                                             (incident ? "WHERE incident = ? ORDER BY collected, digest"
                                                       : "ORDER BY collected, digest")));
  if (incident) query.bind_blob(incident.uuid.bytes);
  std::vector<responders::Evidence> out;
  for (;;) {
    TOCSIN_TRY(const bool row, query.step());
    if (!row) return out;
    out.push_back(read_evidence(query));
  }
}

namespace {

// Its last word in custody is not its removal.
constexpr std::string_view still_held =
    "NOT EXISTS (SELECT 1 FROM custody c WHERE c.evidence = evidence.digest AND c.act = 'removed' AND NOT EXISTS "
    "(SELECT 1 FROM custody d WHERE d.evidence = c.evidence AND d.act = 'collected' AND d.id > c.id))";

}  // namespace

Result<std::uint64_t> Records::evidence_bytes() {
  TOCSIN_TRY(const auto bytes,
             database_.query_number("SELECT coalesce(sum(size), 0) FROM evidence WHERE " + std::string(still_held)));
  return static_cast<std::uint64_t>(bytes);
}

Result<std::vector<responders::Evidence>> Records::expendable_evidence(std::size_t most) {
  TOCSIN_TRY(auto query,
             database_.statement(std::string(evidence_columns) +
                                 "WHERE (incident IS NULL OR incident IN (SELECT id FROM incident WHERE state = "
                                 "'closed')) AND " +
                                 std::string(still_held) + " ORDER BY collected, digest LIMIT ?"));
  query.bind(std::uint64_t{most});
  std::vector<responders::Evidence> out;
  for (;;) {
    TOCSIN_TRY(const bool row, query.step());
    if (!row) return out;
    out.push_back(read_evidence(query));
  }
}

Result<void> Records::add_custody(const responders::CustodyEntry& entry) {
  TOCSIN_TRY(auto insert, database_.statement("INSERT INTO custody(evidence, act, time, uid, login_uid, actor, reason, "
                                              "result) VALUES(?,?,?,?,?,?,?,?)"));
  insert.bind_blob(entry.evidence).bind(responders::custody_act_name(entry.act)).bind(entry.time);
  insert.bind(entry.actor.uid).bind(entry.actor.login_uid).bind(entry.actor.name).bind(entry.reason).bind(entry.result);
  TOCSIN_CHECK(insert.run());
  return {};
}

Result<std::vector<responders::CustodyEntry>> Records::custody(const Sha256& digest) {
  TOCSIN_TRY(auto query,
             database_.statement("SELECT act, time, uid, login_uid, actor, reason, result FROM custody WHERE "
                                 "evidence = ? ORDER BY id"));
  query.bind_blob(digest);
  std::vector<responders::CustodyEntry> out;
  for (;;) {
    TOCSIN_TRY(const bool row, query.step());
    if (!row) return out;
    responders::CustodyEntry entry;
    entry.evidence = digest;
    entry.act = responders::parse_custody_act(query.text(0)).value_or(responders::CustodyAct::collected);
    entry.time = query.time(1);
    entry.actor = {static_cast<std::uint32_t>(query.integer(2)), static_cast<std::uint32_t>(query.integer(3)),
                   std::string(query.text(4))};
    entry.reason = query.text(5);
    entry.result = query.text(6);
    out.push_back(std::move(entry));
  }
}

}  // namespace tocsin::daemon
