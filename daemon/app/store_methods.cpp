#include "daemon/app/store_methods.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "collectors/base/counted.h"
#include "daemon/app/asked.h"
#include "daemon/app/event_search.h"
#include "daemon/app/evidence_methods.h"
#include "daemon/app/incident_row.h"
#include "daemon/app/share.h"
#include "daemon/app/tally.h"
#include "daemon/app/vocabulary.h"
#include "daemon/store/reader.h"
#include "responders/playbook/run/run.h"

namespace tocsin::daemon {
namespace {

namespace json = boost::json;
using std::filesystem::path;

json::object parsed(std::string_view text) {
  json::error_code error;
  auto value = json::parse(text, error);
  return error || !value.is_object() ? json::object{} : std::move(value.as_object());
}

constexpr std::size_t page_size = 500;

bool passes(const Filter& where, const AlertRow& alert) {
  auto row = parsed(alert.json);
  widen_alert(row);
  return where.matches(row);
}

Result<void> count_alerts(StoreReader& reader, AlertQuery query, const Asked& wanted, std::string_view fields,
                          Reply& reply) {
  if (wanted.follow) return fail(Code::usage, "--count-by counts what there is; leave out --follow");
  TOCSIN_TRY(Tally tally, Tally::parse(fields));
  query.limit = page_size;
  do {
    TOCSIN_TRY(const AlertPage page, reader.alerts(query));
    for (const auto& alert : page.alerts) {
      auto row = parsed(alert.json);
      widen_alert(row);
      if (wanted.where.matches(row)) tally.add(row);
    }
    query.cursor = page.next;
    if (!reply.progress("alerts", 0, 0)) return {};
  } while (!query.cursor.empty());
  tally.send(reply, wanted.limit);
  return {};
}

// Alerts that pass, newest first, at most `limit`.
Result<void> alert_pages(StoreReader& reader, AlertQuery query, const Asked& wanted, Reply& reply) {
  query.limit = page_size;
  std::size_t sent = 0;
  do {
    TOCSIN_TRY(const AlertPage page, reader.alerts(query));
    for (const auto& alert : page.alerts) {
      if (!passes(wanted.where, alert)) continue;
      if (!reply.row(alert.json) || (wanted.limit != 0 && ++sent >= wanted.limit)) return {};
    }
    query.cursor = page.next;
  } while (!query.cursor.empty());
  return {};
}

Result<void> follow_alerts(StoreReader& reader, AlertQuery query, const Asked& wanted, Time from, Reply& reply) {
  std::set<rules::AlertId> seen;
  query.order = Order::oldest_first;
  query.since = from;
  query.cursor.clear();
  while (reply.wait(std::chrono::milliseconds{500})) {
    // Alerts come late (a log is read behind its time), so look back a little and remember what was shown.
    TOCSIN_TRY(const AlertPage page, reader.alerts(query));
    for (const auto& alert : page.alerts) {
      if (!seen.insert(alert.id).second) continue;
      query.since = std::max(*query.since, alert.time - std::chrono::minutes{2});
      if (passes(wanted.where, alert) && !reply.row(alert.json)) return {};
    }
  }
  return {};
}

Result<void> list_alerts(const path& store, const Clock& clock, const Call& call, Reply& reply) {
  TOCSIN_TRY(const Asked wanted, asked(call));
  TOCSIN_TRY(const auto reader, StoreReader::open(store));
  AlertQuery query;
  query.since = wanted.since;
  query.until = wanted.until;
  query.engine = call.text("engine").value_or("");
  if (const auto name = call.text("incident")) {
    TOCSIN_TRY(query.incident, reader->find_incident(*name));
  }
  if (call.flag("exercise")) query.exercise = ExerciseFilter::only;
  if (const auto fields = call.text("count_by")) return count_alerts(*reader, query, wanted, *fields, reply);
  if (!wanted.follow) return alert_pages(*reader, query, wanted, reply);
  return follow_alerts(*reader, query, wanted, wanted.since.value_or(clock.now()), reply);
}

Result<void> show_alert(const path& store, const Call& call, Reply& reply) {
  TOCSIN_TRY(const auto id, call.require("alert"));
  TOCSIN_TRY(const auto reader, StoreReader::open(store));
  TOCSIN_TRY(const AlertRow alert, reader->alert(id));
  reply.row(alert.json);
  return {};
}

json::object incident_list_row(const IncidentRow& row) {
  json::object out;
  out["id"] = render_uuid(row.id.uuid);
  out["alias"] = row.alias;
  out["title"] = row.title;
  out["severity"] = row.severity;
  out["state"] = row.state;
  out["verdict"] = row.verdict;
  out["host"] = row.host;
  out["alerts"] = row.alert_count;
  out["first"] = render_time(row.first_event);
  out["last"] = render_time(row.last_event);
  out["owner"] = row.owner;
  out["exercise"] = row.exercise == Exercise::yes;
  return out;
}

// Each incident that is opened or changed from now on, as it stands then.
Result<void> follow_incidents(StoreReader& reader, IncidentQuery query, const Asked& wanted, Time from, Reply& reply) {
  std::map<IncidentId, std::uint64_t> seen;
  query.since = from;
  while (reply.wait(std::chrono::milliseconds{500})) {
    TOCSIN_TRY(const IncidentPage page, reader.incidents(query));
    for (const auto& incident : page.incidents) {
      auto& revision = seen[incident.id];
      if (std::exchange(revision, incident.revision) == incident.revision || incident.merged_into) continue;
      query.since = std::max(*query.since, incident.updated - std::chrono::minutes{1});
      const auto row = incident_list_row(incident);
      if (wanted.where.matches(row) && !reply.row(json::serialize(row))) return {};
    }
  }
  return {};
}

Result<void> list_incidents(const path& store, const Clock& clock, const Call& call, Reply& reply) {
  TOCSIN_TRY(const Asked wanted, asked(call));
  TOCSIN_TRY(const auto reader, StoreReader::open(store));
  IncidentQuery query;
  query.since = wanted.since;
  query.until = wanted.until;
  query.state = call.text("state").value_or("open");
  if (query.state == "all") query.state.clear();
  query.limit = page_size;
  const bool exercises = call.flag("exercise");
  if (wanted.follow) {
    query.exercise = exercises ? ExerciseFilter::with : ExerciseFilter::without;
    return follow_incidents(*reader, query, wanted, wanted.since.value_or(clock.now()), reply);
  }
  std::uint64_t hidden = 0;
  std::vector<json::object> rows;
  do {
    TOCSIN_TRY(const IncidentPage page, reader->incidents(query));
    for (const auto& incident : page.incidents) {
      auto row = incident_list_row(incident);
      if (incident.merged_into || !wanted.where.matches(row)) continue;
      if (incident.exercise == Exercise::yes && !exercises) ++hidden;
      else rows.push_back(std::move(row));
    }
    query.cursor = page.next;
  } while (!query.cursor.empty());
  // Worst first; of the same severity the latest.
  std::ranges::stable_sort(rows, [](const json::object& a, const json::object& b) {
    return a.at("severity").to_number<int>() > b.at("severity").to_number<int>();
  });
  std::size_t sent = 0;
  for (const auto& row : rows)
    if (!reply.row(json::serialize(row)) || (wanted.limit != 0 && ++sent >= wanted.limit)) break;
  if (hidden != 0)
    reply.summary("remark", fmt::format("{} not shown; --exercise shows {}", counted(hidden, "exercise"),
                                        hidden == 1 ? "it" : "them"));
  return {};
}

std::string joined(const json::object& command, std::string_view key) {
  std::string out;
  const auto* texts = command.if_contains(key);
  if (texts == nullptr || !texts->is_array()) return out;
  for (const auto& text : texts->get_array())
    if (text.is_string()) out += (out.empty() ? "" : "; ") + std::string(text.get_string());
  return out;
}

std::string text_of(const json::object& object, std::string_view key) {
  const auto* found = object.if_contains(key);
  return found != nullptr && found->is_string() ? std::string(found->get_string()) : std::string{};
}

// What became of each command of a run that applies, or what it waits for.
void add_outcomes(json::array& steps, const RunRow& run, const std::vector<RunStepRow>& records) {
  for (const auto& record : records) {
    const bool waits = record.phase == "waiting" && std::ranges::none_of(records, [&](const RunStepRow& later) {
                         return later.key == record.key && (later.phase == "outcome" || later.phase == "answer");
                       });
    if (!waits && record.phase != "outcome" && record.phase != "answer") continue;
    json::object one;
    one["name"] = record.action.empty() ? record.step : record.step + " · " + record.action;
    std::string_view state = record.outcome;
    if (waits) state = run.under_way() ? "waiting" : "unanswered";
    else if (record.phase == "outcome" && record.outcome == "done") state = "applied";
    one["state"] = state;
    one[waits ? "forecast" : "outcome"] = text_of(parsed(record.json), "detail");
    steps.push_back(std::move(one));
  }
}

// The mark of a note says no more than the state beside it.
std::string obstacle_of(std::string_view note) {
  constexpr std::string_view mark = "would fail: ";
  if (note.starts_with(mark)) note.remove_prefix(mark.size());
  return std::string(note);
}

// One line per command of a rehearsed step; starts, ends and conditions do nothing to anybody and are left out.
void add_commands(json::array& steps, const RunStepRow& step) {
  const auto trace = parsed(step.json);
  const auto* commands = trace.if_contains("commands");
  if (commands == nullptr || !commands->is_array()) return;
  for (const auto& value : commands->get_array()) {
    if (!value.is_object()) continue;
    const auto& command = value.get_object();
    json::object one;
    one["name"] = step.step;
    const bool fails = text_of(trace, "status") == "failed";
    one["state"] = fails ? "would fail" : "rehearsed";
    if (fails) one["obstacle"] = obstacle_of(text_of(trace, "note"));
    const auto would = joined(command, "would");
    one["forecast"] = would.empty() ? text_of(command, "text") : would;
    one["undo"] = text_of(command, "undo");
    steps.push_back(std::move(one));
  }
}

Result<void> show_incident(const path& store, const Call& call, Reply& reply) {
  TOCSIN_TRY(const auto name, call.require("incident"));
  TOCSIN_TRY(const auto reader, StoreReader::open(store));
  TOCSIN_TRY(const IncidentId id, reader->find_incident(name));
  TOCSIN_TRY(const auto incident, reader->incident(id));
  TOCSIN_TRY(const auto runs, reader->records().runs(id));
  std::vector<std::string> playbooks;
  for (const auto& run : runs) {
    json::object row;
    row["name"] = run.playbook;
    row["run"] = render_uuid(run.id.uuid);
    row["mode"] = run.mode;
    row["state"] = run.mode != "apply" && run.state == "failed" ? "would fail" : run.state;
    json::array steps;
    TOCSIN_TRY(const auto taken, reader->records().run_steps(run.id));
    if (run.mode == "apply") add_outcomes(steps, run, taken);
    else
      for (const auto& step : taken) add_commands(steps, step);
    row["steps"] = std::move(steps);
    playbooks.push_back(json::serialize(row));
  }
  const auto lookup = [&](const rules::AlertId& alert) {
    const auto found = reader->alert(render_digest(alert));
    return found ? found->json : std::string{};
  };
  reply.row(render_incident_row(incident, lookup, playbooks));
  return {};
}

Result<void> list_audit(const path& store, const Clock& clock, const Call& call, Reply& reply) {
  TOCSIN_TRY(const Asked wanted, asked(call));
  TOCSIN_TRY(const auto reader, StoreReader::open(store));
  TOCSIN_TRY(const auto entries,
             reader->audit(wanted.since.value_or(Time{}), wanted.until.value_or(clock.now() + std::chrono::hours{1}),
                           wanted.limit == 0 || call.text("where") ? SIZE_MAX : wanted.limit));
  RowGate gate(wanted, reply);
  for (const auto& entry : entries) {
    json::object row;
    row["sequence"] = entry.sequence;
    row["time"] = render_time(entry.time);
    row["who"] = entry.actor.name;
    row["what"] = entry.act;
    row["subject"] = entry.target;
    row["reason"] = entry.reason;
    row["outcome"] = entry.outcome;
    if (!gate.send(row)) break;
  }
  return {};
}

Result<void> verify_audit(const path& store, Reply& reply) {
  TOCSIN_TRY(const auto reader, StoreReader::open(store));
  TOCSIN_TRY(const auto journal, reader->verify_journal());
  TOCSIN_TRY(const auto audit, reader->verify_audit());
  const auto row = [&](std::string_view name, const responders::ChainHead& head) {
    json::object out;
    out["what"] = name;
    out["outcome"] = "ok";
    out["sequence"] = head.sequence;
    out["hash"] = render_digest(head.hash);
    reply.row(json::serialize(out));
  };
  row("journal of incidents", journal);
  row("audit", audit);
  reply.summary("message", "both chains are whole");
  return {};
}

}  // namespace

void add_store_methods(MethodTable& methods, const path& store, const Clock& clock) {
  methods.add({"alert.list", Role::viewer, "alerts, newest first",
               [store, &clock](const Call& c, Reply& r) { return list_alerts(store, clock, c, r); }});
  methods.add(
      {"alert.show", Role::viewer, "one alert", [store](const Call& c, Reply& r) { return show_alert(store, c, r); }});
  methods.add({"incident.list", Role::viewer, "incidents, worst first",
               [store, &clock](const Call& c, Reply& r) { return list_incidents(store, clock, c, r); }});
  methods.add({"incident.show", Role::viewer, "one incident",
               [store](const Call& c, Reply& r) { return show_incident(store, c, r); }});
  methods.add({"event.search", Role::viewer, "stored events",
               [store, &clock](const Call& c, Reply& r) { return search_stored_events(store, clock, c, r); }});
  add_evidence_methods(methods, store);
  add_share_methods(methods, store);
  methods.add({"audit.list", Role::viewer, "who did what",
               [store, &clock](const Call& c, Reply& r) { return list_audit(store, clock, c, r); }});
  methods.add({"audit.verify", Role::viewer, "check both hash chains",
               [store](const Call&, Reply& r) { return verify_audit(store, r); }});
}

}  // namespace tocsin::daemon
