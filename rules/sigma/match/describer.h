#pragma once
// Alerts of rules that matched: at once by the detector, or later for rules that only feed correlations.

#include <memory>
#include <mutex>
#include <vector>

#include "rules/sigma/compile/plan.h"
#include "rules/sigma/correlate/carried.h"
#include "rules/sigma/match/matcher.h"

namespace tocsin::rules::sigma {

// `matcher` has just matched `event`; the rule is `number` in its program. Sealed.
Alert describe_match(const Plan& plan, std::uint32_t rule, const Matcher& matcher, std::uint32_t number,
                     const Event& event, const FieldNames& names, Exercise exercise);

// Matches the kept event again, so that the alert says why: rare, and then exact. Any thread, one at a time.
class MatchDescriber final : public Describer {
 public:
  // `names` outlives it.
  MatchDescriber(std::shared_ptr<const Plan> plan, const FieldNames& names, Exercise exercise);
  Alert describe(const Carried& carried) override;

 private:
  const std::shared_ptr<const Plan> plan_;
  const FieldNames& names_;
  const Exercise exercise_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Matcher>> matchers_;  // by program, made when first needed
};

}  // namespace tocsin::rules::sigma
