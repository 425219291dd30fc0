#pragma once
// What a run did, or a rehearsal would do, step by step in order. Values only.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "responders/action/request.h"
#include "responders/playbook/plan.h"

namespace tocsin::responders {

enum class StepStatus : std::uint8_t {
  running,
  waiting,  // for its delay, for a person, or for its branches
  done,
  failed,
  timed_out,
  cancelled
};
std::string_view step_status_name(StepStatus status) noexcept;

struct CommandTrace {
  std::string type;    // "tocsin", "manual", "ssh"
  std::string action;  // of our own
  std::string key;     // its idempotency key, when applying: what `tocsin action` knows it by
  Parameters::Texts parameters;
  Forecast forecast;     // rehearsal
  GuardVerdict verdict;  // rehearsal
  std::string text;      // of a manual or foreign command, with its variables; of our own the outcome's summary
  StepStatus status = StepStatus::done;
};

struct StepTrace {
  std::string execution;  // "action--uuid#1"
  std::string id;
  std::string label;
  StepType type = StepType::action;
  std::uint32_t depth = 0;  // how many branches and playbooks it is inside of
  StepStatus status = StepStatus::running;
  std::string note;  // "the condition is true", "waits 30s first", why it failed
  std::vector<CommandTrace> commands;
};

}  // namespace tocsin::responders
