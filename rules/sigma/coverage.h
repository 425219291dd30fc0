#pragma once
// Which rules can fire on what a host sends: events are looked at one by one, and afterwards each rule is told whether
// events of its log source were among them and whether they carried the fields without which it cannot hold.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "collectors/base/diagnostic.h"
#include "collectors/event/event.h"
#include "rules/detector.h"
#include "rules/sigma/rule_set.h"

namespace tocsin::rules::sigma {

enum class Coverage : std::uint8_t {
  can_fire,
  field_missing,   // events are there; without `missing` in one of them the condition cannot hold
  source_missing,  // no event of the log source was seen; `missing` is what its views ask for
  no_view,         // no view serves the log source
};
std::string_view coverage_name(Coverage coverage) noexcept;  // "can fire", "field missing", …

struct RuleCoverage {
  RuleRef rule;
  Coverage coverage = Coverage::no_view;
  std::string source;  // "product linux, service sshd"
  std::vector<std::string> missing;
  std::uint64_t events = 0;  // of its log source
};

// Not thread-safe. `names` must outlive it.
class CoverageSurvey {
 public:
  CoverageSurvey(std::span<const RuleSource> rules, std::span<const RuleSource> views, const SigmaOptions& options,
                 const FieldNames& names, Diagnostics& diagnostics);
  ~CoverageSurvey();
  CoverageSurvey(const CoverageSurvey&) = delete;
  CoverageSurvey& operator=(const CoverageSurvey&) = delete;

  void see(const Event& event);
  // Detection rules in the order they were loaded; correlations follow from them.
  std::vector<RuleCoverage> report() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tocsin::rules::sigma
