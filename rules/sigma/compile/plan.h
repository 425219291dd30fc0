#pragma once
// Everything compiled: one program per view that has rules. Immutable, shared by all workers.

#include <atomic>
#include <memory>
#include <vector>

#include "rules/sigma/correlate/network.h"
#include "rules/sigma/match/binding.h"
#include "rules/sigma/parse/rule.h"
#include "rules/sigma/rule_set.h"

namespace tocsin::rules::sigma {

// A rule is a member of a correlation, with the places of what the correlation asks.
struct Feed {
  std::uint32_t correlation = 0;
  std::uint32_t member = 0;
  std::vector<Slot> keys;
  std::vector<Slot> values;
};

struct ViewProgram {
  const View* view = nullptr;
  std::shared_ptr<const Program> program;
  std::unique_ptr<const Binding> binding;
  std::vector<std::uint32_t> rules;      // program's rule number → index in Plan::rules
  std::vector<std::vector<Feed>> feeds;  // by program's rule number
};

struct RuleCounters {
  std::atomic<std::uint64_t> checks{0};
  std::atomic<std::uint64_t> matches{0};
  std::atomic<std::uint64_t> nanoseconds{0};  // estimated from the events that were measured
};

struct Plan {
  std::vector<View> views;
  std::vector<ViewProgram> programs;
  std::vector<const View*> program_views;  // by program, for the router
  std::vector<RuleRef> rules;              // detection rules in order of loading, then correlations
  std::vector<Digest128> identities;       // of detection rules with their revision
  CorrelationNetwork network;
  std::unique_ptr<RuleCounters[]> counters;
  std::vector<LintFinding> lint;  // in order of rules
};

std::shared_ptr<const Plan> make_plan(const RuleBook& book, std::vector<View> views, const SigmaOptions& options,
                                      Diagnostics& diagnostics);
// The view that serves every log source and takes every event, fields under their own names.
View open_view();

}  // namespace tocsin::rules::sigma
