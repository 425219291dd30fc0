// rooms: playbook
// Conditions: read or refused with a place inside the text; evaluating ends, whatever the values.
#include <cstdlib>

#include "responders/playbook/condition/condition.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tocsin;
  using namespace tocsin::responders;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  ConditionProblem problem;
  const auto condition = Condition::parse(text, problem);
  if (!condition) {
    if (problem.cause.empty() || problem.offset > text.size()) std::abort();
    return 0;
  }
  Variable variable;
  variable.value = Value{VariableType::string, std::string(text.substr(0, 64)), std::monostate{}};
  static_cast<void>(condition->evaluate([&](std::string_view) { return &variable; }));
  return 0;
}
