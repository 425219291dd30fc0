#pragma once
// What the meta section of a rule says, as RuleInfo. Understood keys (any case): description, score or severity (0-100,
// or informational … critical), confidence, reference(s), attack, mitre*, technique*, tactic*, false_positives.

#include "rules/alert.h"
#include "rules/detector.h"

struct YR_RULE;

namespace tocsin::rules::yara {

RuleInfo rule_info(const YR_RULE& rule, const RuleSource& source);
// "T1505.003, T1059": identifiers of techniques and tactics found in free text.
std::vector<std::string> attack_ids(std::string_view text);
// 0-100 from a number or a word.
std::optional<std::uint8_t> parse_severity(std::string_view text);
// 1-based line on which `rule NAME` stands; 0 when it is not found.
std::uint32_t line_of_rule(std::string_view source, std::string_view name);

}  // namespace tocsin::rules::yara
