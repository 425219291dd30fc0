#pragma once
// Correlations with their references resolved: which rule or correlation feeds which, and with what.

#include <cstdint>
#include <string>
#include <vector>

#include "rules/sigma/parse/correlation.h"

namespace tocsin::rules::sigma {

// "What fires is member `member` of correlation `correlation`."
struct Membership {
  std::uint32_t correlation = 0;
  std::uint32_t member = 0;
  std::vector<std::string> keys;    // fields of the feeding rule, in the order of group-by
  std::vector<std::string> values;  // fields that are counted or summed
};

struct CorrelationNetwork {
  std::vector<Correlation> correlations;
  std::vector<RuleRef> rules;                            // by correlation
  std::vector<std::vector<Membership>> of_rules;         // by detection rule
  std::vector<std::vector<Membership>> of_correlations;  // by correlation (chaining)
  std::vector<bool> silent_rules;                        // detection rules that only feed
  std::vector<bool> silent_correlations;
};

// Unresolved references and cycles refuse the correlation (and those built on it).
CorrelationNetwork resolve_correlations(const RuleBook& book, Diagnostics& diagnostics);

}  // namespace tocsin::rules::sigma
