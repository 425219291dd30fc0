// Commands that a CommandGateway carries out: shells, HTTP, YARA. The same order of records as for actions.

#include <fmt/format.h>

#include "responders/playbook/run/machine.h"

namespace tocsin::responders {

using State = CommandAnswer::State;

CommandRequest Run::Machine::command_request(const RunToken& token, std::size_t number) const {
  CommandRequest out;
  const PlannedStep& here = step(token);
  out.key = key_of(token, number);
  out.playbook = plan(token).text();
  out.step = here.id;
  out.command = number;
  out.type = here.commands[number].type;
  out.incident = spec.incident;
  out.tlp = spec.tlp;
  out.reason = spec.reason;
  out.behalf = spec.behalf;
  out.marked = spec.marked;
  out.cause = spec.cause;
  if (token.deadline) out.time = std::max(*token.deadline - clock_.now(), Duration::zero());
  // The innermost of each name: what a template would see.
  const Lookup find = lookup(token);
  std::set<std::string, std::less<>> named;
  const auto add = [&](const Scope& scope) {
    for (const auto& [name, unused] : scope.all())
      if (named.insert(name).second)
        if (const Variable* variable = find(name); variable != nullptr && variable->value)
          out.values.push_back({name, variable->type, variable->value->text});
  };
  add(constants_);
  if (token.variables) add(*token.variables);
  for (std::size_t i = token.frames.size(); i-- > 0;) {
    add(*token.frames[i].variables);
    if (token.frames[i].kind == Kind::playbook) break;
  }
  return out;
}

StepStatus Run::Machine::run_host(RunToken& token, const PlannedCommand& command, std::size_t number,
                                  std::string& note) {
  CommandTrace out;
  out.type = command.type;
  out.text = command.text.show(lookup(token));
  StepStatus status = spec.mode == RunMode::rehearse ? StepStatus::done : StepStatus::failed;
  note = fmt::format("this host does not run commands of type {}", command.type);
  if (commands_ != nullptr) {
    const CommandRequest request = command_request(token, number);
    if (spec.mode == RunMode::apply) out.key = request.key;
    status = spec.mode == RunMode::rehearse
                 ? judge_command(request, out, note)
                 : carry_out(token, request, numbered(trace[token.trace].execution, number), out, note);
  }
  out.status = status;
  auto& commands = trace[token.trace].commands;
  if (commands.size() > number) commands[number] = std::move(out);
  else commands.push_back(std::move(out));
  return status;
}

// A rehearsal goes on: an author wants to see the rest, and a policy may change until it is earnest.
StepStatus Run::Machine::judge_command(const CommandRequest& request, CommandTrace& out, std::string& note) {
  auto verdict = commands_->judge(request);
  if (verdict) out.verdict = std::move(*verdict);
  else out.verdict = {GuardVerdict::Kind::refused, "runner", verdict.error().text()};
  note = out.verdict.reason;
  return StepStatus::done;
}

StepStatus Run::Machine::carry_out(RunToken& token, const CommandRequest& request, const std::string& execution,
                                   CommandTrace& out, std::string& note) {
  Outcomes outcome;
  token.running.clear();
  if (const auto before = remembered_.find(execution); before != remembered_.end()) {
    outcome = before->second;
  } else {
    if (!write_intent(token, execution, out.type)) return StepStatus::failed;
    const auto said = commands_->run(request);
    const bool silent = !said && (said.error().code == Code::timed_out || said.error().code == Code::unreachable);
    const bool late = token.deadline && clock_.now() >= *token.deadline;
    if (!late && (silent || (said && said->state == State::running))) {
      token.until = clock_.now() + (silent ? limits_.ask_again : limits_.look_again);
      if (token.deadline) token.until = std::min(token.until, *token.deadline);
      if (!silent) token.running = request.key;
      out.text = note = said ? said->summary : said.error().text();
      if (silent) note_waiting(token, execution, "responder", out.text);
      return StepStatus::waiting;
    }
    if (late && said && said->state == State::running) {
      commands_->cancel(request.key);
      outcome = {"timed_out", "the step's time is over; the command was ended", {}, {}};
    } else if (silent) {
      outcome = {"unknown", "whether it took effect is unknown: " + said.error().text(), {}, {}};
    } else if (!said) {
      outcome = {"failed", said.error().text(), {}, {}};
    } else {
      outcome = {
          std::string(command_state_name(said->state)), said->summary, values_of(step(token).out_args, *said), {}};
    }
    note_outcome(token, execution, outcome);
  }
  token.told = outcome.time;
  out.text = note = outcome.detail;
  if (outcome.status == "timed_out") return StepStatus::timed_out;
  if (outcome.status != "done") return StepStatus::failed;
  if (auto taken = take_outputs(token, outcome.outputs); !taken) {
    note = taken.error().text();
    return StepStatus::failed;
  }
  return StepStatus::done;
}

}  // namespace tocsin::responders
