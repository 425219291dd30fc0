#pragma once
// What is worth saying of a compiled signature. Estimates only: what a rule really costs is counted while it runs
// (RuleSet::costs). Cost is linear in the rule.

#include <vector>

#include "rules/lint.h"
#include "rules/signature/compile/signature.h"

namespace tocsin::rules::signature {

// Found in nearly every message of its protocol, or one byte over and over.
bool is_common_pattern(std::string_view pattern);

// As LintFinding::cost says.
double estimate_cost(const Signature& signature);

std::vector<LintFinding> lint_signature(const Signature& signature);

}  // namespace tocsin::rules::signature
