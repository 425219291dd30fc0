#pragma once
// What the meta section of a rule says, as RuleInfo. Understood keys (any case): description, score or severity (0-100,
// or informational … critical), confidence, reference(s), attack, mitre*, technique*, tactic*, false_positives.

#include <unordered_map>

#include "rules/alert.h"
#include "rules/detector.h"

struct YR_RULE;

namespace tocsin::rules::yara {

// Of one source, made once for all its rules.
class SourceIndex {
 public:
  explicit SourceIndex(const RuleSource& source);

  const std::string& file() const noexcept { return file_; }
  const std::string& revision() const noexcept { return revision_; }  // hash of the text
  // 1-based line on which `rule NAME` stands; 0 when it is not found.
  std::uint32_t line(const std::string& name) const;

 private:
  std::string file_;
  std::string revision_;
  std::unordered_map<std::string, std::uint32_t> lines_;
};

RuleInfo rule_info(const YR_RULE& rule, const SourceIndex& source);
// "T1505.003, T1059": identifiers of techniques and tactics found in free text.
std::vector<std::string> attack_ids(std::string_view text);
// 0-100 from a number or a word.
std::optional<std::uint8_t> parse_severity(std::string_view text);

}  // namespace tocsin::rules::yara
