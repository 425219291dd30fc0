#pragma once
// The second stage of the Sigma engine: takes the raw alerts of all workers in time order, feeds the correlations, lets
// through what may speak.

#include <deque>
#include <memory>
#include <unordered_set>

#include "rules/detector.h"
#include "rules/sigma/correlate/correlator.h"

namespace tocsin::rules::sigma {

// What a detector found for the correlations a rule feeds; travels in Alert::carried.
struct Contribution {
  std::uint32_t correlation = 0;
  std::uint32_t member = 0;
  std::vector<std::string> key;
  std::vector<std::string> values;  // of the fields counted or summed
};
struct Carried {
  std::vector<Contribution> contributions;
  bool silent = false;
};

class SigmaState final : public SharedState {
 public:
  // `keep_alive` owns the network.
  SigmaState(const CorrelationNetwork& network, const CorrelationLimits& limits,
             std::shared_ptr<const void> keep_alive);

  std::string save() const override { return correlator_.save(); }
  Result<void> restore(std::string_view saved) override { return correlator_.restore(saved); }
  void decide(Alert alert, AlertSink& out) override;
  void advance(Time now, AlertSink& out) override;

  const Correlator& correlator() const noexcept { return correlator_; }
  // Told of every firing, silent ones too.
  void watch(Correlator::Fired watcher) { watcher_ = std::move(watcher); }

 private:
  void feed(const Contribution& contribution, Time time, const EventId& event, const Alert* base, AlertSink& out,
            std::size_t depth);
  // The same event twice (a log that was exported twice, read under two names) counts once.
  bool is_repeated(const AlertId& id);
  void fired(const Firing& firing, const Alert* base, AlertSink& out, std::size_t depth);
  Alert make_alert(const Firing& firing, const Alert* base) const;

  std::shared_ptr<const void> keep_alive_;
  const CorrelationNetwork& network_;
  Correlator correlator_;
  Correlator::Fired watcher_;
  static constexpr std::size_t remembered_most = 1U << 16;
  std::unordered_set<AlertId> counted_;
  std::deque<AlertId> counted_order_;  // oldest first, to forget at the cap
};

}  // namespace tocsin::rules::sigma
