// Playbooks as they lie on the shelf, as they would go, and as they went. Carrying them out: run_methods.cpp.

#include <algorithm>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "daemon/app/asked.h"
#include "daemon/app/live/call_facts.h"
#include "daemon/app/live/run_cause.h"
#include "daemon/store/reader.h"
#include "responders/playbook/graph/graph.h"

namespace tocsin::daemon {
namespace {

namespace json = boost::json;

// Digits of a run's id that no other run begins with: what a person has to type.
std::string short_run(RunId run, const std::vector<RunRow>& all) {
  constexpr std::size_t least = 8;
  const auto whole = render_uuid(run.uuid);
  std::size_t length = least;
  for (const auto& other : all) {
    if (other.id == run) continue;
    const auto name = render_uuid(other.id.uuid);
    const auto differ = std::ranges::mismatch(whole, name).in1 - whole.begin();
    length = std::max(length, static_cast<std::size_t>(differ) + 1);
  }
  return whole.substr(0, length);
}

// A step without a name is known by its id only ("end--2fb0…"): its kind says more to people.
std::string shown_step(const std::string& step) {
  const auto dashes = step.find("--");
  return dashes != std::string::npos && parse_uuid(step.substr(dashes + 2)) ? step.substr(0, dashes) : step;
}

class RunRows {
 public:
  RunRows(const Daemon& daemon, StoreReader& reader, std::vector<RunRow> all)
      : daemon_(daemon), reader_(reader), all_(std::move(all)) {}

  json::object row(const RunRow& run) {
    json::object row;
    row["started"] = render_time(run.started);
    row["run"] = render_uuid(run.id.uuid);
    row["short"] = short_run(run.id, all_);
    row["playbook"] = run.playbook;
    row["playbook_short"] = daemon_.shelf().handle_of(run.playbook);
    const auto of = reader_.incident(run.incident);
    row["incident"] = of ? of->alias : std::string{};
    row["mode"] = run.mode;
    row["state"] = run.state;
    return row;
  }

 private:
  const Daemon& daemon_;
  StoreReader& reader_;
  std::vector<RunRow> all_;
};

// What one run wrote down, in order.
Result<void> show_run(StoreReader& reader, RunRows& rows, const RunRow& run, RowGate& gate) {
  TOCSIN_TRY(const auto steps, reader.records().run_steps(run.id));
  for (const auto& step : steps) {
    if (step.phase == "input") continue;
    json::object row = rows.row(run);
    const auto label = shown_step(step.step);
    row["started"] = render_time(step.time);
    row["state"] = step.phase;
    row["step"] = step.action.empty() ? label : fmt::format("{} · {}", label, step.action);
    row["outcome"] = step.outcome;
    if (const auto record = responders::parse_run_record(step.json); record && !record->detail.empty())
      row["outcome"] = step.outcome.empty() ? record->detail : fmt::format("{}: {}", step.outcome, record->detail);
    if (!gate.send(row)) break;
  }
  return {};
}

Result<void> playbook_status(Daemon& daemon, const Call& call, Reply& reply) {
  TOCSIN_TRY(const auto wanted, asked(call));
  TOCSIN_TRY(const auto reader, StoreReader::open(daemon.config().store.directory));
  TOCSIN_TRY(const auto all, reader->records().runs({}));
  RunRows rows(daemon, *reader, all);
  RowGate gate(wanted, reply);
  if (call.text("run")) {
    TOCSIN_TRY(const auto run, run_of(*reader, call));
    if (!call.flag("graph") && !call.flag("follow")) return show_run(*reader, rows, run, gate);
    TOCSIN_TRY(const auto view, daemon.runs().look(run.id));
    json::object row = rows.row(run);
    row["state"] = view.paused ? std::string_view("paused") : responders::run_state_name(view.state);
    row["waiting"] = view.people.size() + view.approvals.size();
    row["text"] = responders::render_text(*view.plan, responders::graph_of(*view.plan), view.steps);
    static_cast<void>(reply.row(json::serialize(row)));
    return {};
  }
  IncidentId incident;
  if (call.text("incident")) {
    TOCSIN_TRY(incident, incident_of(daemon, call));
  }
  for (const auto& run : all) {
    if ((incident && run.incident != incident) || !wanted.in_period(run.started)) continue;
    TOCSIN_TRY(const auto steps, reader->records().run_steps(run.id));
    json::object row = rows.row(run);
    const auto last =
        std::ranges::find_if(steps.rbegin(), steps.rend(), [](const RunStepRow& step) { return !step.step.empty(); });
    row["step"] = last == steps.rend() ? std::string{} : shown_step(last->step);
    std::string_view outcome = last == steps.rend() ? std::string_view{} : last->outcome;
    if (last != steps.rend() && last->phase == "waiting") outcome = run.under_way() ? "waiting" : "unanswered";
    row["outcome"] = outcome;
    if (!gate.send(row)) break;
  }
  return {};
}

// Rehearses what fits the incident (or the one named) now, through the guard, and shows it; nothing is recorded.
Result<void> rehearse_playbook(Daemon& daemon, const Call& call, Reply& reply) {
  TOCSIN_TRY(const auto id, incident_of(daemon, call));
  TOCSIN_TRY(const auto reader, StoreReader::open(daemon.config().store.directory));
  TOCSIN_TRY(const auto incident, reader->incident(id));
  std::vector<const LoadedPlaybook*> chosen;
  if (const auto name = call.text("playbook"); name && !name->empty()) {
    const auto* found = daemon.shelf().find(*name);
    if (found == nullptr) return fail(Code::not_found, "no playbook is called " + *name + "; see tocsin playbook list");
    chosen.push_back(found);
  } else {
    for (const auto& [called, playbook] : daemon.shelf().fitting(incident)) chosen.push_back(playbook);
  }
  if (chosen.empty())
    return fail(Code::not_found,
                "no playbook fits " + incident.alias + "; name one with --playbook (tocsin playbook list)");
  responders::ResponderClient guard(daemon.config().respond.socket);
  responders::OfflineGateway offline;
  CollectDesk gateway(reachable(guard, offline), daemon.packet_place(), daemon.clock());
  std::unique_ptr<responders::RunnerClient> runner;
  if (!daemon.config().respond.runner.empty())
    runner = std::make_unique<responders::RunnerClient>(daemon.config().respond.runner);
  HuntDesk commands(hunt_place(daemon.config()), daemon.clock(), runner.get());
  for (const auto* playbook : chosen) {
    TOCSIN_TRY(const auto rehearsal,
               responders::rehearse(spec_for(playbook->plan, incident, daemon.host(), daemon.config().assets), gateway,
                                    daemon.clock(), &daemon.shelf(), &commands));
    json::object row;
    row["playbook"] = playbook->plan->name();
    row["short"] = playbook->handle();
    row["text"] = responders::render_text(rehearsal);
    json::error_code error;
    row["rehearsal"] = json::parse(responders::render_json(rehearsal), error);
    if (!reply.row(json::serialize(row))) break;
  }
  return {};
}

// What it does, each once, in the order of its steps; what people do stands last.
json::array actions_of(const responders::Plan& plan) {
  json::array out;
  bool people = false;
  for (const auto& step : plan.steps())
    for (const auto& one : step.commands) {
      const std::string_view name = one.action != nullptr ? one.action->name : std::string_view(one.type);
      people = people || name == "manual";
      const bool known = std::ranges::any_of(out, [&](const json::value& v) { return v.as_string() == name; });
      if (name != "manual" && !known) out.emplace_back(name);
    }
  if (people) out.emplace_back("manual");
  return out;
}

}  // namespace

Result<void> list_shelf(const PlaybookShelf& shelf, const Clock& clock, const Call& call, Reply& reply) {
  TOCSIN_TRY(const auto wanted, asked(call));
  RowGate gate(wanted, reply);
  for (const auto& playbook : shelf.playbooks) {
    json::object row;
    row["short"] = playbook.handle();
    row["id"] = playbook.plan->id();
    row["name"] = playbook.plan->name();
    row["steps"] = playbook.plan->steps().size();
    row["actions"] = actions_of(*playbook.plan);
    std::string trigger;
    for (const auto& t : shelf.triggers.all())
      if (t.playbook == playbook.plan->id())
        for (const auto& tag : t.attack) trigger += (trigger.empty() ? "" : ", ") + tag;
    row["trigger"] = trigger;
    row["state"] = playbook.plan->check_valid(clock.now()) ? "ready" : "expired";
    row["file"] = playbook.file;
    if (!gate.send(row)) break;
  }
  return {};
}

void add_response_methods(MethodTable& methods, Daemon& daemon) {
  methods.add({"playbook.list", Role::viewer, "playbooks that are loaded",
               [&daemon](const Call& c, Reply& r) { return list_shelf(daemon.shelf(), daemon.clock(), c, r); }});
  methods.add({"playbook.status", Role::viewer, "runs and rehearsals",
               [&daemon](const Call& c, Reply& r) { return playbook_status(daemon, c, r); }});
  methods.add({"playbook.rehearse", Role::analyst, "what a playbook would do",
               [&daemon](const Call& c, Reply& r) { return rehearse_playbook(daemon, c, r); }});
}

}  // namespace tocsin::daemon
