#pragma once
// Rule text → RuleAst. Never throws, never stops at a bad rule: each is reported with its place and skipped. Cost is
// linear in the text; a rule longer than rule_length_most is refused.

#include <span>
#include <string_view>
#include <vector>

#include "collectors/base/diagnostic.h"
#include "rules/signature/parse/rule_ast.h"

namespace tocsin::rules::signature {

inline constexpr std::size_t rule_length_most = 1U << 20;
inline constexpr std::size_t options_most = 1024;

// Comments, empty and commented-out lines are skipped; a backslash at the end of a line joins the next one to it.
std::vector<RuleAst> parse_rules(std::string_view file, std::string_view text, Diagnostics& diagnostics);

}  // namespace tocsin::rules::signature
