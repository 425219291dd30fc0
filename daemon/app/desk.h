#pragma once
// Where alerts of all workers meet: put in order of (time, order, id), judged by their engine's host-wide state
// (thresholds, correlation), freed of repeats, and handed on. One thread.

#include <cstdint>
#include <deque>
#include <memory>
#include <unordered_set>
#include <vector>

#include "rules/detector.h"
#include "rules/tuning.h"

namespace tocsin::daemon {

// A compiled rule set with the host-wide state its detectors share.
struct ActiveRules {
  std::shared_ptr<const rules::RuleSet> set;
  std::unique_ptr<rules::SharedState> state;
};

// Collects alerts of one worker until the round is over.
class AlertBuffer final : public rules::AlertSink {
 public:
  void raise(rules::Alert alert) override { alerts_.push_back(std::move(alert)); }
  std::vector<rules::Alert> take() { return std::exchange(alerts_, {}); }
  bool empty() const noexcept { return alerts_.empty(); }

 private:
  std::vector<rules::Alert> alerts_;
};

class Desk {
 public:
  // `active` and `out` outlive the desk.
  // `tuning`, where there is one, takes or changes alerts of engines that do not ask it themselves.
  Desk(std::vector<ActiveRules>& active, rules::AlertSink& out, std::shared_ptr<const rules::Tuning> tuning = nullptr)
      : active_(active), out_(out), tuning_(std::move(tuning)) {}

  void offer(std::vector<rules::Alert> alerts);
  // Everything up to `watermark` will not be preceded by anything that is still to come: decide and hand on.
  void release(Time watermark);
  // Live: decides everything that is here, then tells the engines what time it is.
  void settle(Time now);
  // No more will come.
  void finish();
  std::uint64_t repeats() const noexcept { return repeats_; }

 private:
  class Unique final : public rules::AlertSink {
   public:
    explicit Unique(Desk& desk) : desk_(desk) {}
    void raise(rules::Alert alert) override;

   private:
    Desk& desk_;
  };
  static constexpr std::size_t remembered_most = 1U << 20;

  void decide(rules::Alert alert);
  void decide_up_to(Time watermark);

  std::vector<ActiveRules>& active_;
  rules::AlertSink& out_;
  const std::shared_ptr<const rules::Tuning> tuning_;
  std::vector<rules::Alert> pending_;
  std::unordered_set<rules::AlertId> seen_;
  std::deque<rules::AlertId> seen_order_;  // oldest first, to forget at the cap
  std::uint64_t repeats_ = 0;
};

}  // namespace tocsin::daemon
