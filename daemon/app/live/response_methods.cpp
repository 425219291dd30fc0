// Playbooks as they lie on the shelf, as they would go, and as they went. Carrying them out: run_methods.cpp.

#include <algorithm>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "daemon/app/live/call_facts.h"
#include "daemon/store/reader.h"
#include "responders/playbook/inputs.h"

namespace tocsin::daemon {
namespace {

namespace json = boost::json;

Result<void> list_playbooks(Daemon& daemon, Reply& reply) {
  for (const auto& playbook : daemon.shelf().playbooks) {
    json::object row;
    row["id"] = playbook.plan->id();
    row["name"] = playbook.plan->name();
    row["steps"] = playbook.plan->steps().size();
    json::array actions;
    for (const auto& step : playbook.plan->steps())
      for (const auto& one : step.commands)
        actions.emplace_back(one.action != nullptr ? one.action->name : std::string_view(one.type));
    row["actions"] = std::move(actions);
    std::string trigger;
    for (const auto& t : daemon.shelf().triggers.all())
      if (t.playbook == playbook.plan->id())
        for (const auto& tag : t.attack) trigger += (trigger.empty() ? "" : ", ") + tag;
    row["trigger"] = trigger;
    row["state"] = playbook.plan->check_valid(daemon.clock().now()) ? "ready" : "expired";
    row["file"] = playbook.file;
    if (!reply.row(json::serialize(row))) break;
  }
  return {};
}

json::object run_row(StoreReader& reader, const RunRow& run) {
  json::object row;
  row["started"] = render_time(run.started);
  row["run"] = render_uuid(run.id.uuid);
  row["playbook"] = run.playbook;
  const auto of = reader.incident(run.incident);
  row["incident"] = of ? of->alias : std::string{};
  row["mode"] = run.mode;
  row["state"] = run.state;
  return row;
}

// What one run wrote down, in order.
Result<void> show_run(StoreReader& reader, const RunRow& run, Reply& reply) {
  TOCSIN_TRY(const auto steps, reader.records().run_steps(run.id));
  for (const auto& step : steps) {
    if (step.phase == "input") continue;
    json::object row = run_row(reader, run);
    row["started"] = render_time(step.time);
    row["state"] = step.phase;
    row["step"] = step.action.empty() ? step.step : fmt::format("{} · {}", step.step, step.action);
    row["outcome"] = step.outcome;
    if (const auto record = responders::parse_run_record(step.json); record && !record->detail.empty())
      row["outcome"] = step.outcome.empty() ? record->detail : fmt::format("{}: {}", step.outcome, record->detail);
    if (!reply.row(json::serialize(row))) break;
  }
  return {};
}

Result<void> playbook_status(Daemon& daemon, const Call& call, Reply& reply) {
  TOCSIN_TRY(const auto reader, StoreReader::open(daemon.config().store.directory));
  if (call.text("run")) {
    TOCSIN_TRY(const auto run, run_of(*reader, call));
    return show_run(*reader, run, reply);
  }
  IncidentId incident;
  if (call.text("incident")) {
    TOCSIN_TRY(incident, incident_of(daemon, call));
  }
  TOCSIN_TRY(const auto runs, reader->records().runs(incident));
  for (const auto& run : runs) {
    TOCSIN_TRY(const auto steps, reader->records().run_steps(run.id));
    json::object row = run_row(*reader, run);
    const auto last =
        std::ranges::find_if(steps.rbegin(), steps.rend(), [](const RunStepRow& step) { return !step.step.empty(); });
    row["step"] = last == steps.rend() ? std::string{} : last->step;
    row["outcome"] = last == steps.rend() ? std::string{} : last->phase == "waiting" ? "waiting" : last->outcome;
    if (!reply.row(json::serialize(row))) break;
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
    chosen = daemon.shelf().fitting(incident);
  }
  if (chosen.empty())
    return fail(Code::not_found,
                "no playbook fits " + incident.alias + "; name one with --playbook (tocsin playbook list)");
  responders::ResponderClient guard(daemon.config().respond.socket);
  responders::OfflineGateway offline;
  auto& gateway = reachable(guard, offline);
  const auto marked = incident.exercise == Exercise::yes ? responders::Marked::exercise : responders::Marked::real;
  for (const auto* playbook : chosen) {
    TOCSIN_TRY(const auto rehearsal,
               responders::rehearse(playbook->plan, responders::inputs_from_incident(incident), gateway, daemon.clock(),
                                    incident.alias, marked, &daemon.shelf()));
    json::object row;
    row["playbook"] = playbook->plan->name();
    row["text"] = responders::render_text(rehearsal);
    json::error_code error;
    row["rehearsal"] = json::parse(responders::render_json(rehearsal), error);
    if (!reply.row(json::serialize(row))) break;
  }
  return {};
}

}  // namespace

void add_response_methods(MethodTable& methods, Daemon& daemon) {
  methods.add({"playbook.list", Role::viewer, "playbooks that are loaded",
               [&daemon](const Call&, Reply& r) { return list_playbooks(daemon, r); }});
  methods.add({"playbook.status", Role::viewer, "runs and rehearsals",
               [&daemon](const Call& c, Reply& r) { return playbook_status(daemon, c, r); }});
  methods.add({"playbook.rehearse", Role::analyst, "what a playbook would do",
               [&daemon](const Call& c, Reply& r) { return rehearse_playbook(daemon, c, r); }});
}

}  // namespace tocsin::daemon
