#pragma once
// One worker's Sigma matcher: routes events to views, runs their programs, raises alerts.

#include <memory>
#include <vector>

#include "rules/detector.h"
#include "rules/sigma/compile/plan.h"
#include "rules/sigma/correlate/carried.h"
#include "rules/sigma/match/matcher.h"
#include "rules/sigma/match/route.h"

namespace tocsin::rules::sigma {

class SigmaDetector final : public Detector {
 public:
  SigmaDetector(std::shared_ptr<const Plan> plan, const WorkerContext& context);
  using Detector::inspect;
  void inspect(const EventBatch& batch, AlertSink& sink) override;

 private:
  struct Match {
    std::uint32_t rule;    // in the plan
    std::size_t program;   // where it matched
    std::uint32_t number;  // in that program
  };
  void inspect(const Event& event, AlertSink& sink);
  // Runs one view's program; one event in `measured_every` is measured.
  const std::vector<std::uint32_t>& run(std::size_t program, const Event& event);
  void raise(const Event& event, const Match& match, AlertSink& sink);
  // What the rule gives to the correlations it feeds; null when it feeds none.
  std::shared_ptr<Carried> carried(const Event& event, const Match& match);
  bool contribute(const Feed& feed, const Matcher& matcher, Contribution& out);

  std::shared_ptr<const Plan> plan_;
  const FieldNames& names_;
  const Exercise exercise_;
  Router router_;
  EventTexts texts_;
  std::vector<std::unique_ptr<Matcher>> matchers_;
  std::vector<Match> matches_;
  std::shared_ptr<const KeptEvent> kept_;  // the event at hand, once a silent rule has matched it
  std::shared_ptr<Describer> describer_;
  std::vector<std::string_view> values_;
  static constexpr std::uint32_t measured_every = 64;
  std::uint32_t draw_;            // xorshift: a fixed step would meet the rhythm of some sources
  std::uint32_t until_measured_;  // events
};

}  // namespace tocsin::rules::sigma
