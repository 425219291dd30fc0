#include <algorithm>

#include <fmt/format.h>

#include "collectors/base/digest.h"
#include "responders/playbook/run/machine.h"

namespace tocsin::responders {
namespace {

// The guard would refuse it on this host whatever the policy says, so the step would fail.
bool would_fail(const GuardVerdict& verdict) noexcept {
  return verdict.kind == GuardVerdict::Kind::refused && verdict.rule != "mode" && verdict.rule != "exercise" &&
         verdict.rule != "role" && verdict.rule != "reason";
}

// What is passed on is marked at least as the incident that the run's inputs were taken from.
void mark(ActionRequest& request, const ActionSpec& action, rules::Tlp tlp) {
  if (tlp == rules::Tlp::none || action.find(marking_parameter) == nullptr) return;
  const auto given = std::ranges::find(request.parameters, marking_parameter,
                                       [](const auto& parameter) { return std::string_view(parameter.first); });
  if (given == request.parameters.end()) request.parameters.emplace_back(marking_parameter, rules::tlp_name(tlp));
  else if (const auto own = rules::parse_tlp(given->second); !own || *own < tlp) given->second = rules::tlp_name(tlp);
}

}  // namespace

Lookup Run::Machine::lookup(const RunToken& token) const {
  return [this, &token](std::string_view name) -> const Variable* {
    if (const Variable* found = constants_.find(name)) return found;
    if (token.variables)
      if (const Variable* found = token.variables->find(name)) return found;
    for (std::size_t i = token.frames.size(); i-- > 0;) {
      if (const Variable* found = token.frames[i].variables->find(name)) return found;
      if (token.frames[i].kind == Kind::playbook) break;
    }
    return nullptr;
  };
}

// On a name clash only the step's own variable changes (CACAO 2.0, out_args).
Scope* Run::Machine::owner_of(RunToken& token, std::string_view name) {
  if (token.variables && token.variables->find(name) != nullptr) return token.variables.get();
  for (std::size_t i = token.frames.size(); i-- > 0;) {
    if (token.frames[i].variables->find(name) != nullptr) return token.frames[i].variables.get();
    if (token.frames[i].kind == Kind::playbook) break;
  }
  return nullptr;
}

void Run::Machine::work_action(RunToken& token) {
  const PlannedStep& here = step(token);
  for (; token.command < here.commands.size(); ++token.command) {
    std::string note;
    const StepStatus status = run_command(token, here.commands[token.command], token.command, note);
    if (broken_) return;
    if (status == StepStatus::waiting) {
      trace[token.trace].status = StepStatus::waiting;
      token.state = here.commands[token.command].kind == PlannedCommand::Kind::manual ? RunToken::State::person
                                                                                      : RunToken::State::asking;
      return;
    }
    if (status != StepStatus::done) {
      complete(token, status, note);
      return;
    }
    if (spec.mode == RunMode::apply && token.deadline && token.told > *token.deadline) {
      complete(token, StepStatus::timed_out, "the step's time is over");
      return;
    }
  }
  complete(token, StepStatus::done);
}

StepStatus Run::Machine::run_command(RunToken& token, const PlannedCommand& command, std::size_t number,
                                     std::string& note) {
  switch (command.kind) {
    case PlannedCommand::Kind::local: return run_local(token, command, number, note);
    case PlannedCommand::Kind::manual: return run_manual(token, command, number, note);
    case PlannedCommand::Kind::host: return run_host(token, command, number, note);
    case PlannedCommand::Kind::foreign: break;
  }
  CommandTrace out;
  out.type = command.type;
  out.text = command.text.show(lookup(token));
  out.status = spec.mode == RunMode::rehearse ? StepStatus::done : StepStatus::failed;
  trace[token.trace].commands.push_back(std::move(out));
  note = fmt::format("this host does not run commands of type {}", command.type);
  return spec.mode == RunMode::rehearse ? StepStatus::done : StepStatus::failed;
}

std::string Run::Machine::numbered(const std::string& execution, std::size_t number) const {
  const auto attempt = attempts_.find(execution);
  if (attempt == attempts_.end()) return fmt::format("{}/{}", execution, number + 1);
  return fmt::format("{}/{}~{}", execution, number + 1, attempt->second + 1);
}

// A hash, so that people can name it by its first characters.
std::string Run::Machine::key_of(const RunToken& token, std::size_t number) const {
  constexpr std::size_t key_length = 32;
  const std::string named = numbered(trace[token.trace].execution, number);
  return render_digest(sha256(as_bytes(fmt::format("{}:{}", spec.id, named)))).substr(0, key_length);
}

Result<ActionRequest> Run::Machine::request_of(const RunToken& token, const PlannedCommand& command,
                                               std::size_t number) const {
  const StepTrace& entry = trace[token.trace];
  ActionRequest request;
  request.action = command.action->name;
  request.key = key_of(token, number);
  request.incident = spec.incident;
  request.playbook = spec.plan->id();
  request.step = entry.label;
  request.reason = spec.reason;
  request.marked = spec.marked;
  request.behalf = spec.behalf;
  for (const auto& [name, text] : command.parameters) {
    auto filled = text.fill(lookup(token));
    if (!filled) return std::unexpected(std::move(filled).error().within(fmt::format("while filling {}", name)));
    request.parameters.emplace_back(name, std::move(*filled));
  }
  mark(request, *command.action, spec.tlp);
  TOCSIN_TRY(Parameters typed, parse_parameters(*command.action, request.parameters));
  spec.cause.fill(request, *command.action, typed);
  TOCSIN_TRY(typed, parse_parameters(*command.action, request.parameters));
  request.parameters = typed.texts();
  return request;
}

StepStatus Run::Machine::run_local(RunToken& token, const PlannedCommand& command, std::size_t number,
                                   std::string& note) {
  CommandTrace out;
  out.type = command.type;
  out.action = command.action->name;
  StepStatus status = StepStatus::failed;
  auto request = request_of(token, command, number);
  const std::string execution = numbered(trace[token.trace].execution, number);
  if (!request) {
    note = request.error().text();
    out.text = note;
  } else {
    out.parameters = request->parameters;
    if (spec.mode == RunMode::apply) out.key = request->key;
    status = spec.mode == RunMode::rehearse ? forecast(*request, out, note)
                                            : apply(token, command, *request, execution, out, note);
  }
  out.status = status;
  // One that waited is told of once.
  auto& commands = trace[token.trace].commands;
  if (commands.size() > number) commands[number] = std::move(out);
  else commands.push_back(std::move(out));
  return status;
}

StepStatus Run::Machine::forecast(const ActionRequest& request, CommandTrace& out, std::string& note) {
  auto rehearsed = gateway_.rehearse(request);
  if (!rehearsed) {
    note = rehearsed.error().text();
    out.text = note;
    return StepStatus::failed;
  }
  out.forecast = std::move(rehearsed->forecast);
  out.verdict = std::move(rehearsed->verdict);
  if (!would_fail(out.verdict)) {
    if (out.forecast.obstacle.empty()) return StepStatus::done;
    note = fmt::format("would fail: {}", out.forecast.obstacle);
    return StepStatus::failed;
  }
  note = fmt::format("the guard would refuse: {}", out.verdict.reason);
  return StepStatus::failed;
}

bool Run::Machine::write_intent(const RunToken& token, const std::string& execution, std::string what) {
  if (!intended_.insert(execution).second) return true;
  note_down({.kind = RunRecord::Kind::intent,
             .time = clock_.now(),
             .execution = execution,
             .step = trace[token.trace].id,
             .status = {},
             .detail = std::move(what),
             .outputs = {}});
  return write_down();
}

void Run::Machine::note_outcome(const RunToken& token, const std::string& execution, Outcomes& outcome) {
  outcome.time = clock_.now();
  note_down({.kind = RunRecord::Kind::outcome,
             .time = outcome.time,
             .execution = execution,
             .step = trace[token.trace].id,
             .status = outcome.status,
             .detail = outcome.detail,
             .outputs = outcome.outputs});
}

void Run::Machine::note_waiting(const RunToken& token, const std::string& execution, std::string status,
                                std::string detail) {
  if (!told_.insert(execution).second) return;
  note_down({.kind = RunRecord::Kind::waiting,
             .time = clock_.now(),
             .execution = execution,
             .step = trace[token.trace].id,
             .status = std::move(status),
             .detail = std::move(detail),
             .outputs = {}});
}

// An approver has as long as the guard's policy gives; a guard that does not answer has as long as the step has.
StepStatus Run::Machine::wait_for_guard(RunToken& token, const std::string& execution, const std::string& key,
                                        const Result<Applied>& said, CommandTrace& out, std::string& note) {
  token.until = clock_.now() + limits_.ask_again;
  if (said) {
    token.pending = key;
    token.deadline.reset();
    out.text = said->outcome.summary;
  } else {
    if (token.deadline) token.until = std::min(token.until, *token.deadline);
    out.text = fmt::format("{}; it is asked again under the same key", said.error().text());
  }
  note = out.text;
  note_waiting(token, execution, said ? "approval" : "responder", out.text);
  return StepStatus::waiting;
}

StepStatus Run::Machine::apply(RunToken& token, const PlannedCommand& command, const ActionRequest& request,
                               const std::string& execution, CommandTrace& out, std::string& note) {
  Outcomes outcome;
  token.pending.clear();
  if (const auto before = remembered_.find(execution); before != remembered_.end()) {
    outcome = before->second;
    if (approved_.contains(execution)) token.deadline.reset();
  } else {
    if (!write_intent(token, execution, request.action)) return StepStatus::failed;
    const auto said = gateway_.apply(request);
    const bool silent = !said && (said.error().code == Code::timed_out || said.error().code == Code::unreachable);
    const bool late = token.deadline && clock_.now() >= *token.deadline;
    if ((said && said->outcome.state == Outcome::State::pending) || (silent && !late))
      return wait_for_guard(token, execution, request.key, said, out, note);
    outcome = outcome_of(said, silent);
    note_outcome(token, execution, outcome);
  }
  token.told = outcome.time;
  out.text = outcome.detail;
  note = outcome.detail;
  if (outcome.status != "done") return StepStatus::failed;
  applied.push_back(request.key);
  if (auto assigned = assign_outputs(token, command, outcome.outputs); !assigned) {
    note = assigned.error().text();
    return StepStatus::failed;
  }
  return StepStatus::done;
}

Run::Machine::Outcomes Run::Machine::outcome_of(const Result<Applied>& said, bool silent) {
  if (silent) return {"unknown", "whether it took effect is unknown: " + said.error().text(), {}, {}};
  if (!said) return {"failed", said.error().text(), {}, {}};
  if (said->outcome.state == Outcome::State::unknown) return {"unknown", said->outcome.summary, {}, {}};
  if (said->verification && said->verification->presence == Presence::absent)
    return {"failed", fmt::format("applied, but it is not there: {}", said->verification->detail), {}, {}};
  return {"done", said->outcome.summary, said->outcome.outputs, {}};
}

Result<void> Run::Machine::assign_outputs(RunToken& token, const PlannedCommand& command,
                                          const std::vector<std::pair<std::string, std::string>>& outputs) {
  for (const auto& [variable, name] : command.outputs)
    for (const auto& [key, text] : outputs)
      if (key == name)
        if (Scope* scope = owner_of(token, variable); scope != nullptr) TOCSIN_CHECK(scope->assign(variable, text));
  return {};
}

Result<void> Run::Machine::take_outputs(RunToken& token,
                                        const std::vector<std::pair<std::string, std::string>>& outputs) {
  const auto& allowed = step(token).out_args;
  for (const auto& [name, text] : outputs) {
    if (std::find(allowed.begin(), allowed.end(), name) == allowed.end())
      return fail(Code::denied, fmt::format("the answer sets {}, which is not in the step's out_args", name));
    if (Scope* scope = owner_of(token, name); scope != nullptr) TOCSIN_CHECK(scope->assign(name, text));
  }
  return {};
}

StepStatus Run::Machine::run_manual(RunToken& token, const PlannedCommand& command, std::size_t number,
                                    std::string& note) {
  const std::string execution = numbered(trace[token.trace].execution, number);
  auto& commands = trace[token.trace].commands;
  if (commands.size() <= number) {
    CommandTrace out;
    out.type = command.type;
    out.text = command.text.show(lookup(token));
    if (!step(token).agent.empty()) out.text = fmt::format("{}: {}", step(token).agent, out.text);
    if (const auto& needed = step(token).approvals; !needed.empty())
      out.text += fmt::format(" (to be agreed to by {})", missing_text(needed));
    out.status = spec.mode == RunMode::rehearse ? StepStatus::done : StepStatus::waiting;
    commands.push_back(std::move(out));
  }
  if (spec.mode == RunMode::rehearse) return StepStatus::done;
  settle_agreement(token, execution);
  const auto before = remembered_.find(execution);
  const auto answered = answers_.find(execution);
  if (before == remembered_.end() && answered == answers_.end()) {
    asked_.insert(execution);
    note_waiting(token, execution, "person", commands.back().text);
    return StepStatus::waiting;
  }
  asked_.erase(execution);
  token.told = before != remembered_.end() ? before->second.time : clock_.now();
  const bool done =
      before != remembered_.end() ? before->second.status == "done" : answered->second.kind == RunAnswer::Kind::done;
  note = before != remembered_.end() ? before->second.detail
                                     : fmt::format("{}: {}", answered->second.who, answered->second.note);
  commands[number].status = done ? StepStatus::done : StepStatus::failed;
  if (!done) return StepStatus::failed;
  if (auto taken = take_outputs(token, before != remembered_.end() ? before->second.outputs : answered->second.outputs);
      !taken) {
    note = taken.error().text();
    commands[number].status = StepStatus::failed;
  }
  return commands[number].status;
}

}  // namespace tocsin::responders
