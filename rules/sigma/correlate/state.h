#pragma once
// The second stage of the Sigma engine: takes the raw alerts of all workers in time order, feeds the correlations, lets
// through what may speak.

#include <map>
#include <memory>
#include <string>

#include "rules/detector.h"
#include "rules/sigma/correlate/carried.h"
#include "rules/sigma/correlate/correlator.h"
#include "rules/sigma/correlate/recent_ids.h"
#include "rules/tuning.h"

namespace tocsin::rules::sigma {

class SigmaState final : public SharedState {
 public:
  // `keep_alive` owns the network. `tuning`, where there is one, has the exceptions from rules that feed correlations.
  SigmaState(const CorrelationNetwork& network, const CorrelationLimits& limits, std::shared_ptr<const void> keep_alive,
             std::shared_ptr<const Tuning> tuning = nullptr);

  std::string save() const override { return correlator_.save(); }
  Result<void> restore(std::string_view saved) override { return correlator_.restore(saved); }
  void decide(Alert alert, AlertSink& out) override;
  void advance(Time now, AlertSink& out) override;

  const Correlator& correlator() const noexcept { return correlator_; }
  // Told of every firing, silent ones too.
  void watch(Correlator::Fired watcher) { watcher_ = std::move(watcher); }

 private:
  // The alert a contribution comes from: there already, or to be described when somebody asks.
  class Base;
  void feed(const Contribution& contribution, Time time, const EventId& event, Base* base, AlertSink& out,
            std::size_t depth);
  void fired(const Firing& firing, Base* base, AlertSink& out, std::size_t depth);
  void feed_chained(const Firing& firing, const Alert& alert, AlertSink& out, std::size_t depth);
  Alert make_alert(const Firing& firing, Base* base) const;
  bool is_excepted(Base& base, const RuleRef& rule);

  std::shared_ptr<const void> keep_alive_;
  const CorrelationNetwork& network_;
  Correlator correlator_;
  Correlator::Fired watcher_;
  RecentIds counted_;
  const std::shared_ptr<const Tuning> tuning_;
  std::map<std::string, bool, std::less<>> tuned_;  // rules that feed: is there an exception from any of its alerts?
};

}  // namespace tocsin::rules::sigma
