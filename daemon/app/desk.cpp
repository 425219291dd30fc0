#include "daemon/app/desk.h"

#include <algorithm>
#include <tuple>

namespace tocsin::daemon {
namespace {

auto rank(const rules::Alert& a) { return std::tie(a.time, a.order, a.rule->engine, a.rule->id, a.id); }

}  // namespace

void Desk::Unique::raise(rules::Alert alert) {
  if (!desk_.seen_.insert(alert.id).second) {
    ++desk_.repeats_;
    return;
  }
  desk_.seen_order_.push_back(alert.id);
  if (desk_.seen_order_.size() > remembered_most) {
    desk_.seen_.erase(desk_.seen_order_.front());
    desk_.seen_order_.pop_front();
  }
  if (const auto& tuning = desk_.tuning_; tuning != nullptr && !tuning->empty()) {
    if (alert.rule->engine != rules::Engine::signature && tuning->takes(alert)) return;
    tuning->change(alert);
  }
  desk_.out_.raise(std::move(alert));
}

void Desk::offer(std::vector<rules::Alert> alerts) {
  for (auto& alert : alerts) pending_.push_back(std::move(alert));
}

void Desk::decide(rules::Alert alert) {
  Unique unique(*this);
  for (auto& rules : active_) {
    if (rules.set->engine() != alert.rule->engine) continue;
    rules.state->decide(std::move(alert), unique);
    return;
  }
  unique.raise(std::move(alert));
}

void Desk::release(Time watermark) {
  decide_up_to(watermark);
  Unique unique(*this);
  for (auto& rules : active_) rules.state->advance(watermark, unique);
}

void Desk::settle(Time now) {
  decide_up_to(Time::max());
  Unique unique(*this);
  for (auto& rules : active_) rules.state->advance(now, unique);
}

void Desk::decide_up_to(Time watermark) {
  const auto due =
      std::partition(pending_.begin(), pending_.end(), [&](const rules::Alert& a) { return a.time > watermark; });
  std::vector<rules::Alert> now;
  if (due == pending_.begin()) {
    now = std::exchange(pending_, {});
  } else {
    now.assign(std::make_move_iterator(due), std::make_move_iterator(pending_.end()));
    pending_.erase(due, pending_.end());
  }
  // Alerts are large, and of one worker they are in order.
  std::vector<rules::Alert*> ordered;
  ordered.reserve(now.size());
  for (auto& alert : now) ordered.push_back(&alert);
  const auto before = [](const rules::Alert* a, const rules::Alert* b) { return rank(*a) < rank(*b); };
  if (!std::ranges::is_sorted(ordered, before)) std::ranges::sort(ordered, before);
  for (auto* alert : ordered) decide(std::move(*alert));
}

void Desk::finish() { release(Time::max()); }

}  // namespace tocsin::daemon
