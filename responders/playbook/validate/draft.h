#pragma once
// What the parts of the validator share while they judge one playbook. Lives for one validation, on one thread.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "responders/playbook/parse/ast.h"
#include "responders/playbook/parse/reporter.h"
#include "responders/playbook/plan.h"
#include "responders/playbook/variable/scope.h"

namespace tocsin::responders {

// Steps that run one after the other without entering or leaving a branch. Region 0 is the playbook itself.
struct Region {
  StepIndex owner = no_step;  // the condition or parallel step whose branch this is
  std::uint32_t parent = 0;   // region of the owner
  StepIndex first = no_step;
};

struct Draft {
  const PlaybookAst& ast;
  Reporter& reporter;
  std::map<std::string_view, StepIndex> steps;
  std::vector<Region> regions;
  std::vector<std::uint32_t> region_of;  // by step; UINT32_MAX = not reachable
  Scope variables;                       // the playbook's
  std::vector<Scope> step_variables;     // by step

  StepIndex find(const Placed& id) const {
    const auto at = steps.find(id.text);
    return id.present && at != steps.end() ? at->second : no_step;
  }
  const StepAst& step(StepIndex index) const { return ast.steps[index]; }
};

// "type--uuid"; the type and the UUID's version.
struct Identifier {
  std::string_view type;
  std::string uuid;
  int version = 0;
};
std::optional<Identifier> parse_identifier(std::string_view text) noexcept;

// A type that the specification itself names.
bool is_known_type(std::string_view type) noexcept;

// The parts, in order. Each reports; none stops the next, except that paths are only walked when references resolve.
void check_metadata(Draft& draft);     // section 3.1
void check_identifiers(Draft& draft);  // section 10.10
void check_steps(Draft& draft);        // section 4, each step alone
void check_paths(Draft& draft);        // section 4, steps together: branches, loops, ends
void check_variables(Draft& draft);    // section 10.18
void check_definitions(Draft& draft);  // sections 6 to 9: agents, targets, authentication, markings, extensions

// A variable visible from a step: its own, those of the steps whose branch it is in, the playbook's.
const Variable* visible_variable(const Draft& draft, StepIndex step, std::string_view name);
// Reports every use of an undeclared variable in `text` (P0303).
void check_uses(const Draft& draft, StepIndex step, const Placed& text, std::string_view item);

}  // namespace tocsin::responders
