#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "collectors/base/text.h"
#include "responders/playbook/condition/condition.h"
#include "responders/playbook/validate/draft.h"

namespace tocsin::responders {
namespace {

// Given by whoever runs the playbook, never declared (section 3.1.4).
constexpr std::array<std::string_view, 4> constants{"__LOCAL_AGENT__", "__ACTION_TIMEOUT__", "__RETURN_CALLER__",
                                                    "__RETURN_CALLER_ID__"};

enum class Level : std::uint8_t { playbook, step };

void declare(Draft& draft, const VariableAst& ast, Level level, Scope& scope) {
  Reporter& reporter = draft.reporter;
  if (!is_variable_name(ast.name)) {
    reporter.error("P0301", ast.offset, ast.name, "not a variable name",
                   "write it as __name__: a letter first, then letters, digits and underscores");
    return;
  }
  if (std::any_of(ast.name.begin(), ast.name.end(), [](char c) { return c >= 'A' && c <= 'Z'; }))
    reporter.note("P0308", ast.offset, ast.name, "variable names should be in lower case");
  const auto type = parse_variable_type(ast.type.text);
  if (!type && ast.type)
    reporter.warning("P0304", ast.type.offset, ast.name,
                     fmt::format("\"{}\" is not in the vocabulary of variable types", ast.type.text.substr(0, 60)),
                     "its value is handled as a string");
  if (ast.external && level == Level::step)
    reporter.warning("P0307", ast.offset, ast.name, "a step's variable cannot be external",
                     "declare it in playbook_variables; nobody gives a value to this one");
  if (ast.constant && !ast.external && !ast.value)
    reporter.warning("P0310", ast.offset, ast.name, "a constant without a value can never be used");
  Variable variable;
  variable.type = type.value_or(VariableType::string);
  variable.constant = ast.constant;
  variable.external = ast.external;
  if (ast.value) {
    // An empty text is "known to be empty" only where the type has such a value; elsewhere playbooks use it for
    // "to be filled in".
    const bool unset = ast.value->empty() && variable.type != VariableType::string;
    auto value = unset ? Result<Value>(Value{}) : parse_value(variable.type, *ast.value);
    // A value made of other variables gets its type when they are known.
    if (!value && Template(*ast.value).is_plain()) reporter.error("P0302", ast.offset, ast.name, value.error().message);
    else if (value && !unset) variable.value = std::move(*value);
  }
  if (auto declared = scope.declare(ast.name, std::move(variable)); !declared)
    reporter.error("P0305", ast.offset, ast.name, declared.error().message);
}

void check_arguments(Draft& draft, StepIndex index) {
  const StepAst& step = draft.step(index);
  const auto check = [&](const Placed& name, std::string_view list) -> const Variable* {
    std::string_view bare = name.text;
    if (bare.ends_with(":value")) bare.remove_suffix(6);
    const Variable* variable = visible_variable(draft, index, bare);
    if (variable == nullptr)
      draft.reporter.error("P0309", name.offset, step.label(),
                           fmt::format("\"{}\" names a variable that is not declared: {}", list, bare.substr(0, 100)));
    return variable;
  };
  for (const Placed& name : step.in_args) check(name, "in_args");
  for (const Placed& name : step.out_args)
    if (const Variable* variable = check(name, "out_args"); variable != nullptr && variable->constant)
      draft.reporter.error("P0306", name.offset, step.label(),
                           fmt::format("\"out_args\" would change the constant {}", name.text.substr(0, 100)));
}

void check_condition(Draft& draft, StepIndex index) {
  const StepAst& step = draft.step(index);
  if (!step.condition) return;
  ConditionProblem problem;
  const auto condition = Condition::parse(step.condition.text, problem);
  if (!condition) {
    draft.reporter.error(
        "P0401", step.condition.offset, step.label(),
        fmt::format("the condition cannot be read at character {}: {}", problem.offset + 1, problem.cause),
        "write it as a STIX comparison, such as __count__:value > 5");
    return;
  }
  if (condition->is_lenient())
    draft.reporter.note(
        "P0402", step.condition.offset, step.label(),
        "the condition is read leniently: = for equality, and quotes around text, are the standard form");
  for (const std::string& name : condition->variables())
    if (visible_variable(draft, index, name) == nullptr)
      draft.reporter.error("P0303", step.condition.offset, step.label(),
                           fmt::format("the condition uses a variable that is not declared: {}", name.substr(0, 100)));
}

}  // namespace

const Variable* visible_variable(const Draft& draft, StepIndex step, std::string_view name) {
  static const Variable given{VariableType::string, std::nullopt, true, false};
  if (std::find(constants.begin(), constants.end(), name) != constants.end()) return &given;
  for (StepIndex at = step; at != no_step;) {
    if (const Variable* found = draft.step_variables[at].find(name)) return found;
    const std::uint32_t region = draft.region_of[at];
    at = region < draft.regions.size() ? draft.regions[region].owner : no_step;
  }
  return draft.variables.find(name);
}

void check_uses(const Draft& draft, StepIndex step, const Placed& text, std::string_view item) {
  if (!text) return;
  const Template used(text.text);
  for (const auto& [name, at] : used.uses()) {
    const Variable* found = step == no_step ? draft.variables.find(name) : visible_variable(draft, step, name);
    if (found == nullptr)
      draft.reporter.error("P0303", text.offset, item,
                           fmt::format("uses a variable that is not declared: {}", name.substr(0, 100)),
                           "declare it in playbook_variables or step_variables");
  }
}

void check_variables(Draft& draft) {
  for (const VariableAst& variable : draft.ast.variables) declare(draft, variable, Level::playbook, draft.variables);
  draft.step_variables.resize(draft.ast.steps.size());
  for (StepIndex i = 0; i < draft.ast.steps.size(); ++i)
    for (const VariableAst& variable : draft.step(i).variables)
      declare(draft, variable, Level::step, draft.step_variables[i]);
  for (StepIndex i = 0; i < draft.ast.steps.size(); ++i) {
    check_arguments(draft, i);
    check_condition(draft, i);
    check_uses(draft, i, draft.step(i).switched, draft.step(i).label());
  }
}

}  // namespace tocsin::responders
