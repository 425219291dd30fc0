// playbook.run, answer and cancel: playbooks carried out, as the guard's policy allows.

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "daemon/app/live/call_facts.h"
#include "daemon/app/live/run_cause.h"

namespace tocsin::daemon {
namespace {

namespace json = boost::json;
using responders::RunState;
using responders::StepTrace;

responders::Requester requester_of(const Call& call) {
  responders::Requester out;
  out.uid = call.peer().user;
  out.login_uid = call.peer().login_user.value_or(UINT32_MAX);
  out.pid = call.peer().process;
  return out;
}

// What may never be applied here, whatever the guard would say; the next step is told.
Result<void> may_apply(const Daemon& daemon, const responders::Incident& incident) {
  if (incident.exercise == Exercise::yes)
    return fail(Code::denied, fmt::format("{} is an exercise: it is never applied. See what would be done: tocsin "
                                          "playbook rehearse --incident {}",
                                          incident.alias, incident.alias));
  if (daemon.config().respond.mode != RespondMode::apply)
    return fail(Code::denied,
                fmt::format("respond.mode is rehearse: nothing is applied. See what would be done: tocsin playbook "
                            "rehearse --incident {}. To apply, set `respond.mode: apply` in {} and restart tocsind",
                            incident.alias, daemon.config().file));
  if (!incident.open())
    return fail(Code::conflict, fmt::format("{} is closed; take it up again: tocsin incident reopen {} --reason \"…\"",
                                            incident.alias, incident.alias));
  return {};
}

std::string joined(const std::vector<std::string>& texts) { return fmt::format("{}", fmt::join(texts, "; ")); }

void reply_steps(Reply& reply, const std::vector<StepTrace>& steps, const std::string& run) {
  for (const auto& step : steps) {
    if (step.type == responders::StepType::start || step.type == responders::StepType::end) continue;
    json::object row;
    row["run"] = run;
    row["step"] = step.label;
    row["type"] = responders::step_type_name(step.type);
    row["state"] = run.empty() ? std::string_view("forecast") : responders::step_status_name(step.status);
    row["action"] = "";
    row["effect"] = step.note;
    row["key"] = "";
    if (step.commands.empty() && !reply.row(json::serialize(row))) return;
    for (const auto& command : step.commands) {
      if (!run.empty()) row["state"] = responders::step_status_name(command.status);
      row["action"] = command.action.empty() ? command.type : command.action;
      row["effect"] = !command.text.empty() ? command.text : joined(command.forecast.would);
      row["key"] = command.key;
      if (!command.verdict.rule.empty())
        row["guard"] =
            fmt::format("{} ({})", responders::guard_verdict_name(command.verdict.kind), command.verdict.reason);
      if (!reply.row(json::serialize(row))) return;
    }
  }
}

std::string why_failed(const RunView& view) {
  std::string out;
  for (const auto& step : view.steps)
    if (step.status == responders::StepStatus::failed || step.status == responders::StepStatus::timed_out)
      for (const auto& command : step.commands)
        if (command.status != responders::StepStatus::done && !command.text.empty())
          out = fmt::format("\"{}\": {}", step.label, step.note.empty() ? command.text : step.note);
  return out;
}

// How the run stands, as rows and as the answer's end: an approval that is needed and a failure are errors (DESIGN 8).
Result<void> reply_run(Reply& reply, const RunView& view) {
  const auto id = render_uuid(view.id.uuid);
  reply.summary("run", id);
  reply.summary("state", responders::run_state_name(view.state));
  reply_steps(reply, view.steps, id);
  const auto name = fmt::format("{}: \"{}\"", view.incident, view.playbook);
  if (view.state == RunState::failed) {
    const bool some = std::ranges::any_of(view.steps, [](const StepTrace& step) {
      return std::ranges::any_of(step.commands, [](const auto& command) {
        return !command.key.empty() && command.status == responders::StepStatus::done;
      });
    });
    return fail(some ? Code::partial : Code::failure,
                fmt::format("{} failed: {}{}", name, why_failed(view),
                            some ? "; what was applied stays: tocsin action list" : ""));
  }
  if (view.paused) {
    reply.summary("message", fmt::format("{} is paused; it goes on with: tocsin playbook resume {} --reason \"…\"",
                                         name, id.substr(0, 13)));
    return {};
  }
  if (!view.approvals.empty()) {
    std::string commands;
    for (const auto& key : view.approvals)
      commands += fmt::format("\ntocsin action approve {} --reason \"…\"", key.substr(0, 12));
    return fail(Code::denied, fmt::format("{} waits for an approver, then goes on by itself:{}", name, commands));
  }
  if (!view.agreements.empty()) {
    std::string waits;
    for (const auto& approval : view.agreements)
      waits += fmt::format("\n\"{}\" waits for {}: tocsin playbook approve {} --reason \"…\"", approval.step,
                           responders::missing_text(approval.missing), id.substr(0, 13));
    reply.summary("message", fmt::format("{} goes on when people in their roles agree:{}", name, waits));
  } else if (!view.people.empty())
    reply.summary("message", fmt::format("{} waits for a person; when it is done: tocsin playbook answer {} --reason "
                                         "\"…\"",
                                         name, id));
  else if (view.state == RunState::running) reply.summary("message", fmt::format("{} is under way (run {})", name, id));
  else reply.summary("message", fmt::format("{} is {} (run {})", name, responders::run_state_name(view.state), id));
  return {};
}

Result<void> run_playbook(Daemon& daemon, const Call& call, Reply& reply) {
  const bool dry = call.flag("dry_run");
  std::string reason = "dry run";
  if (!dry) {
    TOCSIN_TRY(reason, reason_of(call));
  }
  TOCSIN_TRY(const auto name, call.require("playbook"));
  TOCSIN_TRY(const auto id, incident_of(daemon, call));
  TOCSIN_TRY(const auto reader, StoreReader::open(daemon.config().store.directory));
  TOCSIN_TRY(const auto incident, reader->incident(id));
  const auto* playbook = daemon.shelf().find(name);
  if (playbook == nullptr) return fail(Code::not_found, "no playbook is called " + name + "; see tocsin playbook list");
  TOCSIN_CHECK(may_apply(daemon, incident));
  if (daemon.config().respond.signatures == RespondSignatures::required)
    TOCSIN_CHECK(daemon.shelf().check_signed(*playbook->plan, daemon.clock().now()));
  auto spec = spec_for(playbook->plan, incident, daemon.host(), daemon.config().assets);
  spec.reason = reason;
  spec.behalf = requester_of(call);
  responders::ResponderClient guard(daemon.config().respond.socket);
  TOCSIN_CHECK(guard.status());
  std::unique_ptr<responders::RunnerClient> runner;
  if (!daemon.config().respond.runner.empty())
    runner = std::make_unique<responders::RunnerClient>(daemon.config().respond.runner);
  CollectDesk gateway(guard, daemon.packet_place(), daemon.clock());
  HuntDesk commands(hunt_place(daemon.config()), daemon.clock(), runner.get());
  TOCSIN_TRY(const auto rehearsal, responders::rehearse(spec, gateway, daemon.clock(), &daemon.shelf(), &commands));
  TOCSIN_CHECK(may_begin(rehearsal));
  if (dry) {
    reply_steps(reply, rehearsal.steps, "");
    reply.summary("message",
                  fmt::format("{}: \"{}\" would be run; nothing was done", incident.alias, playbook->plan->name()));
    return {};
  }
  RunOrder order;
  order.identity.incident = id;
  order.identity.alias = incident.alias;
  order.identity.playbook = playbook->plan->name();
  order.identity.plan = playbook->plan;
  order.identity.actor = actor_of(call);
  order.identity.reason = reason;
  order.identity.repeat = call.flag("again") ? Repeat::wanted : Repeat::refused;
  order.inputs = std::move(spec.inputs);
  order.behalf = spec.behalf;
  order.cause = std::move(spec.cause);
  order.tlp = incident.tlp;
  TOCSIN_TRY(const auto view, daemon.runs().run(std::move(order)));
  return reply_run(reply, view);
}

// A change of a run that is only tried out needs no reason.
Result<std::string> reason_for(const Call& call) {
  if (call.flag("dry_run")) return std::string("dry run");
  return reason_of(call);
}

// The run as it stands, and what would become of it.
Result<void> show_only(Daemon& daemon, RunId run, Reply& reply, std::string_view would) {
  TOCSIN_TRY(const auto view, daemon.runs().look(run));
  reply_steps(reply, view.steps, render_uuid(run.uuid));
  reply.summary("message", fmt::format("{}: \"{}\" {}; nothing was done", view.incident, view.playbook, would));
  return {};
}

Result<void> answer_run(Daemon& daemon, const Call& call, Reply& reply) {
  TOCSIN_TRY(const auto reason, reason_for(call));
  TOCSIN_TRY(const auto reader, StoreReader::open(daemon.config().store.directory));
  TOCSIN_TRY(const auto run, run_of(*reader, call));
  if (call.flag("dry_run")) return show_only(daemon, run.id, reply, "would be told of your answer");
  responders::RunAnswer answer;
  answer.kind = call.flag("failed") ? responders::RunAnswer::Kind::failed : responders::RunAnswer::Kind::done;
  answer.who = call.peer().name;
  answer.note = reason;
  for (const auto& pair : call.list("set")) {
    const auto equals = pair.find('=');
    if (equals == std::string::npos) return fail(Code::usage, "--set takes NAME=VALUE, e.g. __approved__=true");
    answer.outputs.emplace_back(pair.substr(0, equals), pair.substr(equals + 1));
  }
  TOCSIN_TRY(const auto view, daemon.runs().answer(run.id, call.text("step").value_or(""), std::move(answer)));
  return reply_run(reply, view);
}

std::set<std::string> roles_of(const Peer& peer) {
  std::set<std::string> out;
  for (const Role role : {Role::viewer, Role::analyst, Role::responder, Role::approver, Role::admin})
    if (peer.roles.allows(role)) out.emplace(role_name(role));
  return out;
}

Result<void> approve_run(Daemon& daemon, const Call& call, Reply& reply) {
  TOCSIN_TRY(const auto reason, reason_for(call));
  TOCSIN_TRY(const auto reader, StoreReader::open(daemon.config().store.directory));
  TOCSIN_TRY(const auto run, run_of(*reader, call));
  if (call.flag("dry_run")) return show_only(daemon, run.id, reply, "would be told what you say");
  responders::RunAgreement word;
  const bool denied = call.flag("deny");
  word.kind = denied ? responders::RunAgreement::Kind::denied : responders::RunAgreement::Kind::granted;
  word.person = responders::person_of(requester_of(call));
  word.name = call.peer().name;
  word.roles = roles_of(call.peer());
  word.note = reason;
  const auto step = call.text("step").value_or("");
  const auto said = daemon.runs().agree(run.id, step, std::move(word));
  const auto outcome = !said ? said.error().text() : denied ? "denied" : "granted";
  TOCSIN_CHECK(daemon.on_casework([&](Keeper& keeper) {
    return keeper.store().records().add_audit(
        audit_entry(daemon, call, "playbook.approve", render_uuid(run.id.uuid) + " " + step, reason, outcome));
  }));
  if (!said) return std::unexpected(said.error());
  return reply_run(reply, *said);
}

Result<void> cancel_run(Daemon& daemon, const Call& call, Reply& reply) {
  TOCSIN_TRY(const auto reason, reason_for(call));
  TOCSIN_TRY(const auto reader, StoreReader::open(daemon.config().store.directory));
  TOCSIN_TRY(const auto run, run_of(*reader, call));
  if (call.flag("dry_run")) return show_only(daemon, run.id, reply, "would be ended; what it applied would stay");
  TOCSIN_TRY(const auto view,
             daemon.runs().cancel(run.id, fmt::format("cancelled by {}: {}", call.peer().name, reason)));
  return reply_run(reply, view);
}

Result<void> hold_run(Daemon& daemon, const Call& call, Reply& reply, bool pausing) {
  TOCSIN_TRY(const auto reason, reason_for(call));
  TOCSIN_TRY(const auto reader, StoreReader::open(daemon.config().store.directory));
  TOCSIN_TRY(const auto run, run_of(*reader, call));
  if (call.flag("dry_run")) return show_only(daemon, run.id, reply, pausing ? "would be held" : "would go on");
  const auto told = fmt::format("{}: {}", call.peer().name, reason);
  TOCSIN_TRY(const auto view, pausing ? daemon.runs().pause(run.id, told) : daemon.runs().go_on(run.id, told));
  return reply_run(reply, view);
}

Result<void> retry_run(Daemon& daemon, const Call& call, Reply& reply) {
  TOCSIN_TRY(const auto reason, reason_for(call));
  TOCSIN_TRY(const auto reader, StoreReader::open(daemon.config().store.directory));
  TOCSIN_TRY(const auto run, run_of(*reader, call));
  if (call.flag("dry_run")) return show_only(daemon, run.id, reply, "would go on at its failed step");
  TOCSIN_TRY(const auto incident, reader->incident(run.incident));
  TOCSIN_CHECK(may_apply(daemon, incident));
  TOCSIN_TRY(const auto view, daemon.runs().retry(run.id, call.text("step").value_or(""), actor_of(call),
                                                  fmt::format("{}: {}", call.peer().name, reason)));
  return reply_run(reply, view);
}

Result<void> undo_run(Daemon& daemon, const Call& call, Reply& reply) {
  TOCSIN_TRY(const auto reason, reason_for(call));
  TOCSIN_TRY(const auto reader, StoreReader::open(daemon.config().store.directory));
  TOCSIN_TRY(const auto run, run_of(*reader, call));
  if (call.flag("dry_run")) return show_only(daemon, run.id, reply, "would have what it applied taken back");
  const auto name = render_uuid(run.id.uuid);
  TOCSIN_TRY(const auto undone,
             daemon.runs().undo(run.id, actor_of(call), fmt::format("{}: {}", call.peer().name, reason)));
  const auto tell = [&](const std::string& key, std::string_view state, const std::string& effect) {
    json::object row;
    row["run"] = name;
    row["step"] = "";
    row["type"] = "undo";
    row["state"] = state;
    row["action"] = "";
    row["effect"] = effect;
    row["key"] = key;
    return reply.row(json::serialize(row));
  };
  for (const auto& key : undone.undone)
    if (!tell(key, "undone", "")) return {};
  for (const auto& [key, why] : undone.failed)
    if (!tell(key, "failed", why)) return {};
  if (!undone.failed.empty())
    return fail(undone.undone.empty() ? Code::failure : Code::partial,
                fmt::format("{} of {} effects could not be taken back: {}", undone.failed.size(),
                            undone.failed.size() + undone.undone.size(), undone.failed.front().second));
  reply.summary("message", undone.undone.empty() ? "the run applied nothing that could be taken back"
                                                 : fmt::format("{} effects were taken back", undone.undone.size()));
  return {};
}

}  // namespace

void add_run_methods(MethodTable& methods, Daemon& daemon) {
  methods.add({"playbook.run", Role::responder, "carry out a playbook",
               [&daemon](const Call& c, Reply& r) { return run_playbook(daemon, c, r); }});
  methods.add({"playbook.answer", Role::responder, "a person did what a step asks",
               [&daemon](const Call& c, Reply& r) { return answer_run(daemon, c, r); }});
  methods.add({"playbook.approve", Role::viewer, "a person in a role agrees to a step, or does not",
               [&daemon](const Call& c, Reply& r) { return approve_run(daemon, c, r); }});
  methods.add({"playbook.pause", Role::responder, "hold a run",
               [&daemon](const Call& c, Reply& r) { return hold_run(daemon, c, r, true); }});
  methods.add({"playbook.resume", Role::responder, "let a paused run go on",
               [&daemon](const Call& c, Reply& r) { return hold_run(daemon, c, r, false); }});
  methods.add({"playbook.retry", Role::responder, "a failed run goes on at its failed step",
               [&daemon](const Call& c, Reply& r) { return retry_run(daemon, c, r); }});
  methods.add({"playbook.undo", Role::responder, "take back what a run applied",
               [&daemon](const Call& c, Reply& r) { return undo_run(daemon, c, r); }});
  methods.add({"playbook.cancel", Role::responder, "end a run",
               [&daemon](const Call& c, Reply& r) { return cancel_run(daemon, c, r); }});
}

}  // namespace tocsin::daemon
