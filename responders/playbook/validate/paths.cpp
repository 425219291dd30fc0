#include <array>

#include <fmt/format.h>

#include "responders/playbook/validate/draft.h"

namespace tocsin::responders {
namespace {

constexpr std::uint32_t no_region = UINT32_MAX;

std::array<StepIndex, 3> next_of(const Draft& draft, StepIndex index) {
  const StepAst& step = draft.step(index);
  return {draft.find(step.on_completion), draft.find(step.on_success), draft.find(step.on_failure)};
}

std::vector<StepIndex> branches_of(const Draft& draft, StepIndex index) {
  const StepAst& step = draft.step(index);
  std::vector<StepIndex> out;
  const auto add = [&](const Placed& id) {
    if (const StepIndex found = draft.find(id); found != no_step) out.push_back(found);
  };
  add(step.on_true);
  add(step.on_false);
  for (const Placed& id : step.next_steps) add(id);
  for (const auto& [name, id] : step.cases) add(id);
  return out;
}

// Walks one region, gives its steps the region's number, and queues the branches it meets.
class Walker {
 public:
  explicit Walker(Draft& draft) : draft_(draft), colour_(draft.ast.steps.size(), Colour::white) {}

  void run(StepIndex start, StepIndex exception) {
    open_region(no_step, 0, start);
    walk(0);
    // The handler may be a step of the playbook itself; otherwise it is a path of its own.
    if (exception != no_step && draft_.region_of[exception] == no_region &&
        draft_.step(exception).type != StepType::end)
      open_region(no_step, 0, exception);
    // Regions are appended while this runs.
    for (std::uint32_t region = 1; region < draft_.regions.size(); ++region) walk(region);
    for (StepIndex i = 0; i < draft_.ast.steps.size(); ++i) {
      const bool exception_end = i == exception && draft_.region_of[i] == no_region;
      if (draft_.region_of[i] == no_region && !exception_end)
        draft_.reporter.warning("P0210", draft_.step(i).offset, draft_.step(i).label(), "no path leads to this step");
    }
  }

 private:
  enum class Colour : std::uint8_t { white, grey, black };
  struct Visit {
    StepIndex step;
    std::size_t next = 0;
  };

  void open_region(StepIndex owner, std::uint32_t parent, StepIndex first) {
    draft_.regions.push_back({owner, parent, first});
  }

  // Takes the step into the region. False: it belongs elsewhere or was walked, so do not go on from it.
  bool enter(std::uint32_t region, StepIndex step) {
    std::uint32_t& owner = draft_.region_of[step];
    if (owner == no_region) {
      owner = region;
      return true;
    }
    if (owner != region) {
      const StepAst& ast = draft_.step(step);
      if (ast.type == StepType::end)
        draft_.reporter.warning("P0215", ast.offset, ast.label(), "several branches share this end step",
                                "give each branch an end step of its own");
      else
        draft_.reporter.error("P0209", ast.offset, ast.label(),
                              "the step is reached from inside and outside of a branch",
                              "let each branch finish at its own end; the step that owns it goes on from there");
      return false;
    }
    if (colour_[step] == Colour::grey)
      draft_.reporter.error("P0208", draft_.step(step).offset, draft_.step(step).label(),
                            "the step leads back to itself", "use a while-condition for loops");
    return false;
  }

  void push(std::uint32_t region, StepIndex step, std::vector<Visit>& stack) {
    colour_[step] = Colour::grey;
    stack.push_back({step});
    std::vector<StepIndex> heads = branches_of(draft_, step);
    for (const StepIndex head : heads) {
      const bool again = draft_.region_of[head] != no_region;
      const StepAst& ast = draft_.step(head);
      if (again && ast.type != StepType::end && colour_[head] == Colour::grey)
        draft_.reporter.error("P0208", ast.offset, ast.label(), "a branch leads back to a step around it",
                              "a branch finishes at its own end; use a while-condition for loops");
      else open_region(step, region, head);
    }
  }

  void walk(std::uint32_t region) {
    std::vector<Visit> stack;
    const StepIndex first = draft_.regions[region].first;
    if (enter(region, first)) push(region, first, stack);
    while (!stack.empty()) {
      Visit& visit = stack.back();
      const auto next = next_of(draft_, visit.step);
      if (visit.next == next.size()) {
        colour_[visit.step] = Colour::black;
        stack.pop_back();
        continue;
      }
      const StepIndex step = next[visit.next++];
      if (step != no_step && enter(region, step)) push(region, step, stack);
    }
  }

  Draft& draft_;
  std::vector<Colour> colour_;
};

}  // namespace

void check_paths(Draft& draft) {
  draft.region_of.assign(draft.ast.steps.size(), no_region);
  const StepIndex start = draft.find(draft.ast.workflow_start);
  if (start == no_step) return;
  Walker(draft).run(start, draft.find(draft.ast.workflow_exception));
}

}  // namespace tocsin::responders
