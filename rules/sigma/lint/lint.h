#pragma once
// What is worth saying of a Sigma rule that loads. Estimates only: what a rule really costs is counted while it runs
// (RuleSet::costs). Cost is linear in the rule.
//
//   L21 the condition can never hold        L22 a search that the condition does not use
//   L23 a wildcard that changes nothing     L24 looked at for nearly every event of its log source
//   L25 a field name nearly that of a view  L26 `all` over one value, or a value twice
//   L27 case counts where the product ignores it

#include <vector>

#include "rules/lint.h"
#include "rules/sigma/parse/rule.h"

namespace tocsin::rules::sigma {

// Of the rule's own text and tree; `detection` is the node it was read from. The findings name no rule yet.
std::vector<LintFinding> lint_rule(const Node& detection, const Detection& parsed, const DetectionRule& rule);
// Of its field names, against those that the views serving it map.
std::vector<LintFinding> lint_fields(const DetectionRule& rule, const std::vector<const View*>& serving);
// Events of its log source, of each hundred, for which the rule is looked at past the shared index.
double estimate_looks(const Expression& expression);

}  // namespace tocsin::rules::sigma
