#pragma once
// Two loads of rules held against each other: which rules are added, removed, changed, switched on or off, and which
// are refused now that were not. Pure.

#include <map>
#include <string>
#include <vector>

#include "collectors/base/diagnostic.h"
#include "rules/detector.h"

namespace tocsin::daemon {

struct ListedRule {
  std::string revision;
  std::string title;
  std::string file;  // its last part
  bool enabled = true;
  std::uint64_t text = 0;  // hash of the rule's text; 0 where it is not known
};
// What a load holds, by rule id; and what it refused, by file and rule.
struct RuleListing {
  std::map<std::string, ListedRule> rules;
  std::map<std::string, Diagnostic> refused;
  std::size_t loaded = 0;
};

void list_rules(const std::vector<rules::RuleRef>& rules, RuleListing& out);
// Signatures that their author commented out, which no compiler sees.
void list_commented(const std::vector<rules::RuleSource>& signatures, RuleListing& out);
void list_refused(const Diagnostics& diagnostics, RuleListing& out);

enum class RuleChange : std::uint8_t { added, removed, changed, enabled, disabled, refused };
std::string_view rule_change_name(RuleChange change) noexcept;

struct RuleDifference {
  RuleChange change = RuleChange::added;
  std::string rule;
  std::string title;
  std::string file;
  std::string before;  // revision
  std::string after;
  std::string reason;  // of a refusal
};
struct RuleComparison {
  std::vector<RuleDifference> differences;  // by change, then by rule
  std::map<RuleChange, std::size_t> counts;
  std::size_t loaded_before = 0;
  std::size_t loaded_after = 0;
};
RuleComparison compare_rules(const RuleListing& before, const RuleListing& after);

// Why the new rules should not be taken without somebody's word: empty, or the reason.
struct LoadFigures {
  std::size_t loaded = 0;
  std::size_t refused = 0;
};
std::string much_worse(const LoadFigures& before, const LoadFigures& after);

}  // namespace tocsin::daemon
