#pragma once
// Text of a rule file → RuleAst, in either language. Never throws, never stops at a bad rule: each is reported with its
// place and skipped. Cost is linear in the text; a rule longer than rule_length_most is refused.

#include <optional>
#include <string_view>
#include <vector>

#include "collectors/base/diagnostic.h"
#include "rules/signature/parse/rule_ast.h"
#include "rules/signature/parse/rule_gate.h"

namespace tocsin::rules::signature {

inline constexpr std::size_t rule_length_most = 1U << 20;
inline constexpr std::size_t options_most = 1024;

// Comments, empty and commented-out lines are skipped. What the file's name says about its language counts more than
// `syntax`; automatic: each rule as it is written.
std::vector<RuleAst> parse_rules(std::string_view file, std::string_view text, Syntax syntax, Diagnostics& diagnostics,
                                 const RuleGate& gate = {});

// A rule that could be in both languages and was refused as Suricata's: nothing when Snort 3's does not fit either. It
// stays refused, as nobody said which it is; that it would do is said.
std::optional<RuleAst> read_again_as_snort(const RuleAst& rule);
Mistake with_other_reading(Mistake mistake);

}  // namespace tocsin::rules::signature
