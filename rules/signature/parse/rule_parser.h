#pragma once
// Rule text → RuleAst. Never throws, never stops at a bad rule: each is reported with its place and skipped. Cost is
// linear in the text; a rule longer than rule_length_most is refused.

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/diagnostic.h"
#include "rules/signature/parse/rule_ast.h"

namespace tocsin::rules::signature {

inline constexpr std::size_t rule_length_most = 1U << 20;
inline constexpr std::size_t options_most = 1024;

// "1:2019401", read off a rule's text without judging it; empty when it has no sid.
std::string find_rule_id(std::string_view text);

// Asked about each rule before it is read: its text, and whether its author commented it out. Gives the text to read
// (`rewritten` is there to hold another), or nothing when the rule is to be passed over.
using RuleGate =
    std::function<std::optional<std::string_view>(std::string_view text, bool commented, std::string& rewritten)>;

// Comments, empty and commented-out lines are skipped; a backslash at the end of a line joins the next one to it.
std::vector<RuleAst> parse_rules(std::string_view file, std::string_view text, Diagnostics& diagnostics,
                                 const RuleGate& gate = {});

}  // namespace tocsin::rules::signature
