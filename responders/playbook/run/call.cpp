// playbook-action: into another playbook with its in_args, and back with its out_args (CACAO 2.0 section 4.5).
#include <fmt/format.h>

#include "collectors/base/assert.h"
#include "responders/playbook/run/machine.h"

namespace tocsin::responders {

void Run::Machine::work_playbook(RunToken& token) {
  const PlannedStep& here = step(token);
  const PlanRef called = library_ == nullptr ? nullptr : library_->find(here.playbook_id, here.playbook_version);
  if (!called) {
    complete(token, StepStatus::failed, fmt::format("there is no playbook {} here", here.playbook_id));
    return;
  }
  if (spec.mode == RunMode::apply) {
    if (auto valid = called->check_valid(clock_.now()); !valid) {
      complete(token, StepStatus::failed, valid.error().message);
      return;
    }
    if (!called->foreign_commands(commands_).empty() || !called->unsafe_commands().empty()) {
      complete(token, StepStatus::failed, "the playbook has commands this host does not run");
      return;
    }
  }
  if (token.frames.size() >= limits_.depth_most) {
    complete(token, StepStatus::failed, "playbooks are nested too deep");
    return;
  }
  RunFrame frame;
  frame.plan = called;
  frame.variables = std::make_shared<Scope>(called->variables());
  frame.owner = token.at;
  frame.deadline = token.deadline;
  frame.trace = token.trace;
  for (const std::string& name : here.in_args) {
    const Variable* given = lookup(token)(name);
    const Variable* wanted = frame.variables->find(name);
    if (given == nullptr || wanted == nullptr || !wanted->external || !given->value) continue;
    auto value = parse_value(wanted->type, given->value->text);
    if (!value) {
      complete(token, StepStatus::failed, value.error().message);
      return;
    }
    Variable filled = *wanted;
    filled.value = std::move(*value);
    TOCSIN_ASSERT(frame.variables->replace(name, std::move(filled)).has_value());
  }
  trace[token.trace].note = fmt::format("runs \"{}\"", called->name());
  trace[token.trace].status = StepStatus::done;
  const StepIndex first = called->start();
  token.frames.push_back(std::move(frame));
  go(token, first);
}

void Run::Machine::leave_playbook(std::size_t index) {
  RunToken& token = tokens_[index];
  const RunFrame frame = token.frames.back();
  if (token.frames.size() == 1) {
    finish(frame.handling_exception ? RunState::failed : RunState::completed);
    return;
  }
  token.frames.pop_back();
  return_to(token, frame);
  token.variables = std::make_shared<Scope>(step(token).variables);
  if (frame.handling_exception) {
    complete(token, StepStatus::failed);
    return;
  }
  for (const std::string& name : step(token).out_args) {
    const Variable* result = frame.variables->find(name);
    if (result == nullptr || !result->value) continue;
    Scope* const scope = owner_of(token, name);
    if (scope == nullptr) continue;
    if (auto assigned = scope->assign(name, result->value->text); !assigned) {
      complete(token, StepStatus::failed, assigned.error().text());
      return;
    }
  }
  complete(token, StepStatus::done);
}

}  // namespace tocsin::responders
