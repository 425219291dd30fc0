#pragma once
// Commands of an action step: checked and compiled in one go, because our own can only be checked by reading them.

#include <vector>

#include "responders/playbook/validate/draft.h"

namespace tocsin::responders {

// Reports P05xx. Commands that cannot be compiled are left out; the playbook is then refused anyway.
std::vector<PlannedCommand> plan_commands(Draft& draft, StepIndex step);

}  // namespace tocsin::responders
