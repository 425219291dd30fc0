#pragma once
// What each rule cost since its set was loaded: counted while it runs, always. Live, and after a replay.

#include <cstdint>
#include <string>
#include <vector>

#include "collectors/base/result.h"
#include "daemon/app/engines.h"

namespace tocsin::daemon {

struct RuleCostRow {
  rules::RuleRef rule;
  std::uint64_t checks = 0;   // times it was evaluated past the prefilter
  std::uint64_t matches = 0;  // times it held; suppressed and thresholded alerts are among them
  std::uint64_t nanoseconds = 0;
  double share = 0;  // of the time of all rules, in percent
};

// Rules that were evaluated at all, the dearest first.
std::vector<RuleCostRow> rule_costs(const Engines& engines);
// One JSON object: rule, title, engine, file, line, checks, matches, microseconds, nanoseconds_per_check, share.
std::string render_json(const RuleCostRow& row);

// All rows, a line each.
Result<void> write_rule_costs(const std::string& path, const Engines& engines);

}  // namespace tocsin::daemon
