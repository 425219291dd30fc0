#pragma once
// Sigma (https://github.com/SigmaHQ/sigma-specification, 2.1) as an engine.
//
// Diagnostics: G01 document, G02 detection and modifiers, G03 condition, G04 correlation, G05 filter, G06 views. A rule
// that cannot be used is refused alone; a rule whose log source no view serves is kept, cannot fire, and gets a note
// (G0610). Decided here, where the specification is silent: see README.md.

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "collectors/base/diagnostic.h"
#include "rules/detector.h"
#include "rules/pattern/cache.h"
#include "rules/tuning.h"

namespace tocsin::rules::sigma {

enum class Matching : std::uint8_t { automatic, plain };  // plain: never Hyperscan

struct SigmaOptions {
  Matching matching = Matching::automatic;
  std::shared_ptr<const PatternCache> cache;                     // of compiled patterns; null: none
  std::map<std::string, std::vector<std::string>> placeholders;  // %name% → values
  // Correlations.
  std::size_t most_groups = 100'000;     // per correlation; the stalest is evicted
  std::size_t most_entries = 10'000;     // per group; the oldest goes
  std::optional<Time> now;               // filters that ended by then (`expires`) are left out; none: all hold
  std::shared_ptr<const Tuning> tuning;  // whose exceptions keep hits out of correlations; null: none
  Duration lateness{};                   // windows close this much after their end, for events that come late
};

// `views` are the log-source maps (rules/sigma/views/*.yaml, see view/view.h). Thread-safe. Never fails: what cannot be
// used is in `diagnostics`.
std::shared_ptr<const RuleSet> compile_sigma(std::span<const RuleSource> rules, std::span<const RuleSource> views,
                                             const SigmaOptions& options, Diagnostics& diagnostics);

}  // namespace tocsin::rules::sigma
