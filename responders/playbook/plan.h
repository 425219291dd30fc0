#pragma once
// A playbook that may run: validated, references resolved, conditions and commands compiled. Only load_playbook makes
// one. Immutable and shared; any thread.

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/diagnostic.h"
#include "responders/action/action.h"
#include "responders/playbook/command/http.h"
#include "responders/playbook/command/shell.h"
#include "responders/playbook/condition/condition.h"
#include "responders/playbook/parse/ast.h"
#include "responders/playbook/parse/reporter.h"
#include "responders/playbook/variable/scope.h"

namespace tocsin::responders {

class CommandGateway;

using StepIndex = std::uint32_t;
inline constexpr StepIndex no_step = UINT32_MAX;

struct PlannedCommand {
  // local: one of our actions. manual: a person does it and says so. host: carried out by a CommandGateway. foreign:
  // known, but not done by this host.
  enum class Kind : std::uint8_t { local, manual, host, foreign } kind = Kind::foreign;
  std::string type;  // as the playbook says: "tocsin", "manual", "ssh"
  const ActionSpec* action = nullptr;
  std::vector<std::pair<std::string, Template>> parameters;  // of a local one
  std::vector<std::pair<std::string, std::string>> outputs;  // variable ← output of the action
  Template text;                                             // of the others
  std::optional<ShellText> shell;                            // of bash, ssh, powershell
  std::optional<HttpText> http;                              // of http-api, openc2-http
  std::string payload;                                       // of yara, sigma: rules
  std::string unsafe;                                        // of kind host: why it may not be carried out
};

struct PlannedStep {
  std::string id;
  std::string label;
  StepType type = StepType::action;
  std::optional<Duration> delay;
  std::optional<Duration> timeout;
  StepIndex on_completion = no_step, on_success = no_step, on_failure = no_step;
  StepIndex on_true = no_step, on_false = no_step;
  std::vector<StepIndex> branches;                       // of parallel
  std::vector<std::pair<std::string, StepIndex>> cases;  // of switch
  std::optional<Condition> condition;
  std::string condition_text;  // of a condition or switch, as written
  Template switched;
  std::vector<PlannedCommand> commands;
  std::string agent;  // its name
  std::string agent_id;
  std::vector<std::string> targets;  // ids
  std::string playbook_id, playbook_version;
  std::vector<std::string> in_args, out_args;  // bare names
  Scope variables;
  std::map<std::string, std::size_t> approvals;  // of a manual step: role → how many people in it must agree
};

class Plan {
 public:
  const std::string& id() const noexcept { return ast_.id.text; }
  const std::string& name() const noexcept { return ast_.name.text; }
  const std::string& version() const noexcept { return ast_.modified.text; }  // CACAO: a version is its `modified`
  const std::string& description() const noexcept { return ast_.description.text; }
  std::int64_t impact() const noexcept { return ast_.impact.value_or(0); }
  bool revoked() const noexcept { return ast_.revoked.value_or(false); }
  std::vector<std::string> labels() const;
  std::vector<std::string> attack() const;  // technique ids of external_references named "mitre-attack"
  // Not revoked, and inside valid_from … valid_until. conflict otherwise.
  Result<void> check_valid(Time now) const;

  std::span<const PlannedStep> steps() const noexcept { return steps_; }
  const PlannedStep& step(StepIndex index) const { return steps_[index]; }
  StepIndex start() const noexcept { return start_; }
  StepIndex exception() const noexcept { return exception_; }
  const Scope& variables() const noexcept { return variables_; }
  // As written and signed.
  const std::shared_ptr<const std::string>& text() const noexcept { return text_; }
  // An agent or target, or an authentication; null when nothing of the id is defined.
  const AgentAst* find_party(std::string_view id) const noexcept;
  const AuthenticationAst* find_authentication(std::string_view id) const noexcept;
  // Commands that this host cannot do ("jupyter"), by step label: a rehearsal shows them, a run refuses them. Those of
  // kind host are among them where `runner` does not carry them out; null: nobody does.
  std::vector<std::pair<std::string, std::string>> foreign_commands(const CommandGateway* runner) const;
  // Commands of kind host that must not be carried out, by step label, and why.
  std::vector<std::pair<std::string, std::string>> unsafe_commands() const;
  // References to targets and authentication that nothing defines, by step or agent: the same.
  std::vector<std::pair<std::string, std::string>> dangling_references() const;

 private:
  friend class Planner;
  Plan() = default;

  PlaybookAst ast_;
  std::shared_ptr<const std::string> text_;
  std::vector<PlannedStep> steps_;
  StepIndex start_ = no_step;
  StepIndex exception_ = no_step;
  Scope variables_;
};
using PlanRef = std::shared_ptr<const Plan>;

// Everything wrong with the text goes to `diagnostics`; invalid when one of it is an error. `file` is for them only.
Result<PlanRef> load_playbook(std::string_view text, std::string_view file, Diagnostics& diagnostics,
                              Strictness strictness = Strictness::tolerant);

}  // namespace tocsin::responders
