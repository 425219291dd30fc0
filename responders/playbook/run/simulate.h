#pragma once
// A run without a world: on a clock of its own, people and actions answer as a fixture says. What the tests of a
// playbook are made of (`tocsin playbook test`). Nothing is applied. One thread.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "responders/playbook/run/run.h"

namespace tocsin::responders {

// JSON: {"inputs": {NAME: TEXT}, "answers": {STEP: [ANSWER, …]}, "playbooks": [FILE, …], "rounds": N}. STEP is a step's
// name or id; its commands are answered in order, the last answer again and again. ANSWER is "done" (also when nothing
// is said), "failed", "never" (nobody answers, so that the step times out), or {"is": …, "set": {VARIABLE: TEXT}} with
// what a person or an action brings back.
struct Fixture {
  struct Answer {
    enum class Kind : std::uint8_t { done, failed, never } kind = Kind::done;
    std::vector<std::pair<std::string, std::string>> outputs;
  };
  Inputs inputs;
  std::map<std::string, std::vector<Answer>, std::less<>> answers;
  std::vector<std::string> playbooks;  // file names beside the fixture, for playbook-action steps
  std::size_t rounds = 0;              // of a while step, at most; 0: as many as in earnest
};
// invalid with what and where.
Result<Fixture> parse_fixture(std::string_view json);

struct Simulation {
  std::vector<StepTrace> steps;
  std::map<std::string, Duration> began;  // by execution, since the start
  RunState result = RunState::running;
  Duration length{};
};
Result<Simulation> simulate(PlanRef plan, const Fixture& fixture, const PlaybookLibrary* library);

// One line a step: when, how deep, which, what became of it and why.
std::string render_text(const Simulation& simulation);

}  // namespace tocsin::responders
