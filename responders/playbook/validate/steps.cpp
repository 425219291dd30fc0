#include <fmt/format.h>

#include "responders/playbook/validate/draft.h"

namespace tocsin::responders {
namespace {

void check_exclusive(Draft& draft, const StepAst& step) {
  if (step.on_completion && (step.on_success || step.on_failure))
    draft.reporter.error("P0204", step.on_completion.offset, step.label(),
                         "\"on_completion\" excludes \"on_success\" and \"on_failure\"",
                         "keep on_completion alone, or on_success with on_failure");
}

void check_next(Draft& draft, const StepAst& step) {
  switch (step.type) {
    case StepType::end:
      if (step.on_completion || step.on_success || step.on_failure)
        draft.reporter.error("P0206", step.offset, step.label(), "an end step has no next step",
                             "remove on_completion, on_success and on_failure from it");
      return;
    case StepType::start:
      if (step.on_success || step.on_failure)
        draft.reporter.error("P0206", step.offset, step.label(),
                             "a start step takes \"on_completion\" only, not \"on_success\" or \"on_failure\"");
      if (!step.on_completion)
        draft.reporter.error("P0205", step.offset, step.label(), "the start step has no \"on_completion\"",
                             "name the first step to do there");
      return;
    default:
      if (!step.on_completion && !step.on_success)
        draft.reporter.error("P0205", step.offset, step.label(), "the step has no next step",
                             "give it \"on_completion\", or \"on_success\" and \"on_failure\"");
  }
}

void check_branches(Draft& draft, const StepAst& step) {
  const auto needed = [&](const Placed& property, std::string_view name) {
    if (!property)
      draft.reporter.error("P0212", step.offset, step.label(), fmt::format("the step has no \"{}\"", name));
  };
  switch (step.type) {
    case StepType::parallel:
      if (step.next_steps.empty())
        draft.reporter.error("P0211", step.offset, step.label(), "the step has no branches in \"next_steps\"",
                             "name at least two steps, each the first of a branch");
      else if (step.next_steps.size() < 2)
        draft.reporter.warning("P0211", step.offset, step.label(), "\"next_steps\" needs at least two branches",
                               "name another branch, or put the step itself into the path");
      break;
    case StepType::if_condition:
    case StepType::while_condition:
      needed(step.condition, "condition");
      needed(step.on_true, "on_true");
      break;
    case StepType::switch_condition:
      needed(step.switched, "switch");
      if (step.cases.empty())
        draft.reporter.warning("P0212", step.offset, step.label(), "\"cases\" needs at least one case",
                               "without one the switch does nothing; name a step for each value, or for \"default\"");
      break;
    case StepType::playbook_action: needed(step.playbook_id, "playbook_id"); break;
    case StepType::action:
      needed(step.agent, "agent");
      if (step.commands.empty()) draft.reporter.error("P0507", step.offset, step.label(), "the action has no commands");
      break;
    default: break;
  }
}

void check_references(Draft& draft, const StepAst& step) {
  const auto resolve = [&](const Placed& id, std::string_view property) {
    if (id && draft.find(id) == no_step)
      draft.reporter.error(
          "P0203", id.offset, step.label(),
          fmt::format("\"{}\" names a step that is not in the workflow: {}", property, id.text.substr(0, 100)));
    else if (id && draft.step(draft.find(id)).type == StepType::start)
      draft.reporter.error("P0202", id.offset, step.label(),
                           fmt::format("\"{}\" leads back to the start step", property));
  };
  resolve(step.on_completion, "on_completion");
  resolve(step.on_success, "on_success");
  resolve(step.on_failure, "on_failure");
  resolve(step.on_true, "on_true");
  resolve(step.on_false, "on_false");
  for (const Placed& id : step.next_steps) resolve(id, "next_steps");
  for (const auto& [name, id] : step.cases) resolve(id, "cases");
}

void check_start(Draft& draft) {
  const PlaybookAst& ast = draft.ast;
  if (!ast.has_workflow) {
    draft.reporter.error("P0101", 0, "playbook", "the required property \"workflow\" is missing");
    return;
  }
  std::size_t starts = 0;
  std::size_t ends = 0;
  std::size_t works = 0;
  for (const StepAst& step : ast.steps) {
    starts += step.type == StepType::start ? 1U : 0U;
    ends += step.type == StepType::end ? 1U : 0U;
    works += step.type == StepType::action || step.type == StepType::playbook_action ? 1U : 0U;
    if (step.type == StepType::start && starts > 1)
      draft.reporter.error("P0202", step.offset, step.label(), "there is more than one start step");
  }
  if (starts == 0)
    draft.reporter.error("P0202", 0, "workflow", "there is no start step", "add one and name it in \"workflow_start\"");
  if (ends == 0) draft.reporter.error("P0213", 0, "workflow", "there is no end step");
  if (works == 0) draft.reporter.warning("P0213", 0, "workflow", "there is no action and no playbook-action");
  if (!ast.workflow_start) {
    draft.reporter.error("P0101", 0, "playbook", "the required property \"workflow_start\" is missing");
    return;
  }
  const StepIndex start = draft.find(ast.workflow_start);
  if (start == no_step)
    draft.reporter.error("P0203", ast.workflow_start.offset, "workflow_start",
                         "names a step that is not in the workflow");
  else if (draft.step(start).type != StepType::start)
    draft.reporter.error("P0202", ast.workflow_start.offset, "workflow_start", "names a step that is not a start step");
  if (ast.workflow_exception && draft.find(ast.workflow_exception) == no_step)
    draft.reporter.error("P0203", ast.workflow_exception.offset, "workflow_exception",
                         "names a step that is not in the workflow");
}

}  // namespace

void check_steps(Draft& draft) {
  check_start(draft);
  for (const StepAst& step : draft.ast.steps) {
    check_exclusive(draft, step);
    check_next(draft, step);
    check_branches(draft, step);
    check_references(draft, step);
  }
}

}  // namespace tocsin::responders
