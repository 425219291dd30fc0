#include "responders/playbook/plan.h"

#include <algorithm>

#include <fmt/format.h>

#include "responders/playbook/command/command.h"
#include "responders/playbook/parse/moment.h"
#include "responders/playbook/parse/parser.h"
#include "responders/playbook/validate/commands.h"
#include "responders/playbook/validate/draft.h"

namespace tocsin::responders {
namespace {

constexpr std::size_t steps_most = 5000;

void report_json(const JsonDocument& document, Reporter& reporter) {
  for (const JsonProblem& problem : document.problems) {
    switch (problem.kind) {
      case JsonProblem::Kind::syntax: reporter.error("P0001", problem.offset, "", problem.cause); break;
      case JsonProblem::Kind::duplicate:
        reporter.error("P0002", problem.offset, "", problem.cause, "two readers would see two playbooks; keep one");
        break;
      case JsonProblem::Kind::too_deep:
      case JsonProblem::Kind::too_large: reporter.error("P0003", problem.offset, "", problem.cause); break;
      case JsonProblem::Kind::encoding: reporter.error("P0004", problem.offset, "", problem.cause); break;
    }
  }
}

std::vector<std::string> bare_names(const std::vector<Placed>& names) {
  std::vector<std::string> out;
  out.reserve(names.size());
  for (const Placed& name : names)
    out.push_back(name.text.ends_with(":value") ? name.text.substr(0, name.text.size() - 6) : name.text);
  return out;
}

}  // namespace

class Planner {
 public:
  static PlanRef run(PlaybookAst ast, std::string_view text, Reporter& reporter) {
    Draft draft{.ast = ast,
                .reporter = reporter,
                .steps = {},
                .regions = {},
                .region_of = {},
                .variables = {},
                .step_variables = {}};
    for (StepIndex i = 0; i < ast.steps.size(); ++i) draft.steps.emplace(ast.steps[i].id, i);
    check_metadata(draft);
    check_identifiers(draft);
    check_steps(draft);
    check_paths(draft);
    check_variables(draft);
    check_definitions(draft);
    auto plan = std::shared_ptr<Plan>(new Plan);
    for (StepIndex i = 0; i < ast.steps.size(); ++i) plan->steps_.push_back(plan_step(draft, i));
    if (reporter.errors() != 0) return nullptr;
    plan->start_ = draft.find(ast.workflow_start);
    plan->exception_ = draft.find(ast.workflow_exception);
    plan->variables_ = std::move(draft.variables);
    draft.steps.clear();
    plan->ast_ = std::move(ast);
    plan->text_ = std::make_shared<const std::string>(text);
    return plan;
  }

 private:
  static PlannedStep plan_step(Draft& draft, StepIndex index) {
    const StepAst& ast = draft.step(index);
    PlannedStep step;
    step.id = ast.id;
    step.label = ast.label();
    step.type = ast.type;
    step.delay = ast.delay;
    step.timeout = ast.timeout;
    step.on_completion = draft.find(ast.on_completion);
    step.on_success = draft.find(ast.on_success);
    step.on_failure = draft.find(ast.on_failure);
    step.on_true = draft.find(ast.on_true);
    step.on_false = draft.find(ast.on_false);
    for (const Placed& id : ast.next_steps) step.branches.push_back(draft.find(id));
    for (const auto& [value, id] : ast.cases) step.cases.emplace_back(value, draft.find(id));
    if (ast.condition) {
      ConditionProblem problem;
      if (auto condition = Condition::parse(ast.condition.text, problem)) step.condition = std::move(*condition);
    }
    // "__x__" and "__x__:value" both name the variable to switch on.
    const std::string& switched = ast.switched.text;
    step.condition_text = ast.condition ? ast.condition.text : switched;
    step.switched = Template(is_variable_name(switched) ? switched + ":value" : switched);
    step.commands = plan_commands(draft, index);
    for (const AgentAst& agent : draft.ast.agents)
      if (agent.id == ast.agent.text) step.agent = agent.name;
    step.agent_id = ast.agent.text;
    for (const Placed& target : ast.targets) step.targets.push_back(target.text);
    step.playbook_id = ast.playbook_id.text;
    step.playbook_version = ast.playbook_version.text;
    step.in_args = bare_names(ast.in_args);
    step.out_args = bare_names(ast.out_args);
    step.variables = draft.step_variables[index];
    for (const auto& [role, count] : ast.approvals) step.approvals[role.text] = count;
    return step;
  }
};

std::vector<std::string> Plan::labels() const {
  std::vector<std::string> out;
  out.reserve(ast_.labels.size());
  for (const Placed& label : ast_.labels) out.push_back(label.text);
  return out;
}

std::vector<std::string> Plan::attack() const {
  std::vector<std::string> out;
  for (const auto& [name, external] : ast_.references)
    if (name == "mitre-attack" && external) out.push_back(external.text);
  return out;
}

Result<void> Plan::check_valid(Time now) const {
  if (revoked()) return fail(Code::conflict, "the playbook is revoked");
  if (const auto from = parse_moment(ast_.valid_from.text); ast_.valid_from && from && now < *from)
    return fail(Code::conflict, fmt::format("the playbook is valid only from {}", render_time(*from)));
  if (const auto until = parse_moment(ast_.valid_until.text); ast_.valid_until && until && now > *until)
    return fail(Code::conflict, fmt::format("the playbook was valid until {}", render_time(*until)));
  return {};
}

std::vector<std::pair<std::string, std::string>> Plan::foreign_commands(const CommandGateway* runner) const {
  std::vector<std::pair<std::string, std::string>> out;
  for (const PlannedStep& step : steps_)
    for (const PlannedCommand& command : step.commands)
      if (command.kind == PlannedCommand::Kind::foreign ||
          (command.kind == PlannedCommand::Kind::host && (runner == nullptr || !runner->carries_out(command.type))))
        out.emplace_back(step.label, command.type);
  return out;
}

std::vector<std::pair<std::string, std::string>> Plan::unsafe_commands() const {
  std::vector<std::pair<std::string, std::string>> out;
  for (const PlannedStep& step : steps_)
    for (const PlannedCommand& command : step.commands)
      if (!command.unsafe.empty()) out.emplace_back(step.label, command.unsafe);
  return out;
}

const AgentAst* Plan::find_party(std::string_view id) const noexcept {
  for (const auto* parties : {&ast_.targets, &ast_.agents})
    for (const AgentAst& party : *parties)
      if (party.id == id) return &party;
  return nullptr;
}

const AuthenticationAst* Plan::find_authentication(std::string_view id) const noexcept {
  for (const AuthenticationAst& authentication : ast_.authentications)
    if (authentication.id == id) return &authentication;
  return nullptr;
}

std::vector<std::pair<std::string, std::string>> Plan::dangling_references() const {
  std::vector<std::pair<std::string, std::string>> out;
  const auto defined = [](const auto& list, std::string_view id) {
    return std::any_of(list.begin(), list.end(), [&](const auto& item) { return item.id == id; });
  };
  for (const StepAst& step : ast_.steps)
    for (const Placed& target : step.targets)
      if (!defined(ast_.targets, target.text) && !defined(ast_.agents, target.text))
        out.emplace_back(step.label(), target.text);
  for (const auto* agents : {&ast_.agents, &ast_.targets})
    for (const AgentAst& agent : *agents)
      if (agent.authentication && !defined(ast_.authentications, agent.authentication.text))
        out.emplace_back(agent.id, agent.authentication.text);
  return out;
}

Result<PlanRef> load_playbook(std::string_view text, std::string_view file, Diagnostics& diagnostics,
                              Strictness strictness) {
  const JsonDocument document = read_json(text);
  Reporter reporter(document, file, strictness, diagnostics);
  report_json(document, reporter);
  if (!document.usable()) return fail(Code::invalid, fmt::format("{} is not JSON", file));
  PlaybookAst ast = parse_playbook(document, reporter);
  if (ast.steps.size() > steps_most) {
    reporter.error("P0003", 0, "workflow", fmt::format("there are more than {} steps", steps_most));
    return fail(Code::exhausted, fmt::format("{} is too large", file));
  }
  PlanRef plan = Planner::run(std::move(ast), text, reporter);
  if (!plan || reporter.errors() != 0)
    return fail(Code::invalid,
                fmt::format("{} is not a playbook that can run safely: {} errors", file, reporter.errors()));
  return plan;
}

}  // namespace tocsin::responders
