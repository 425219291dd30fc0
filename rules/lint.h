#pragma once
// A rule that loads and works but could be better: slower than it need be, or wider than its author will have meant.

#include <string>

#include "rules/alert.h"

namespace tocsin::rules {

struct LintFinding {
  RuleRef rule;
  std::string code;     // "L01"; the letter L for all engines
  std::string problem;  // one sentence
  // Estimated work of the whole rule for each hundred buffers or packets that its header lets through, where one is to
  // evaluate a plain content once. A rule with a rare pattern stays below one.
  double cost = 0;
  std::string suggestion;
};

}  // namespace tocsin::rules
