#include "rules/sigma/match/detector.h"

#include <algorithm>
#include <chrono>

#include "rules/sigma/correlate/state.h"

namespace tocsin::rules::sigma {

SigmaDetector::SigmaDetector(std::shared_ptr<const Plan> plan, const WorkerContext& context)
    : plan_(std::move(plan)),
      names_(context.names),
      exercise_(context.exercise),
      router_(plan_->program_views, names_),
      draw_(0x9E3779B9U + static_cast<std::uint32_t>(context.worker)),
      until_measured_(measured_every) {
  for (const auto& program : plan_->programs)
    matchers_.push_back(std::make_unique<Matcher>(*program.program, *program.binding, names_));
}

void SigmaDetector::inspect(const EventBatch& batch, AlertSink& sink) {
  for (const auto& event : batch.events()) inspect(event, sink);
}

void SigmaDetector::inspect(const Event& event, AlertSink& sink) {
  matches_.clear();
  for (const auto p : router_.route(event)) {
    const auto& rules = plan_->programs[p].rules;
    for (const auto number : run(p, event)) matches_.push_back({rules[number], p, number});
    for (const auto number : matchers_[p]->candidates())
      plan_->counters[rules[number]].checks.fetch_add(1, std::memory_order_relaxed);
  }
  if (matches_.empty()) return;
  // A rule may be served by more than one view of the event: it alerts once.
  std::ranges::stable_sort(matches_, {}, &Match::rule);
  const auto repeats = std::ranges::unique(matches_, {}, &Match::rule);
  matches_.erase(repeats.begin(), repeats.end());
  for (const auto& match : matches_) raise(event, match, sink);
}

// The clock never influences what matches. What an event costs is shared by the rules that were looked at: its fields
// are searched once for all of them.
const std::vector<std::uint32_t>& SigmaDetector::run(std::size_t program, const Event& event) {
  auto& matcher = *matchers_[program];
  if (--until_measured_ != 0) return matcher.match(event);
  draw_ ^= draw_ << 13;
  draw_ ^= draw_ >> 17;
  draw_ ^= draw_ << 5;
  until_measured_ = 1 + draw_ % (2 * measured_every - 1);  // `measured_every` on average
  const auto start = std::chrono::steady_clock::now();
  const auto& matched = matcher.match(event);
  const auto spent = std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now() - start);
  const auto looked_at = matcher.candidates().size();
  if (looked_at == 0) return matched;
  const auto share = static_cast<std::uint64_t>(spent.count()) * measured_every / looked_at;
  for (const auto number : matcher.candidates())
    plan_->counters[plan_->programs[program].rules[number]].nanoseconds.fetch_add(share, std::memory_order_relaxed);
  return matched;
}

void SigmaDetector::raise(const Event& event, const Match& match, AlertSink& sink) {
  plan_->counters[match.rule].matches.fetch_add(1, std::memory_order_relaxed);
  Alert alert;
  alert.rule = plan_->rules[match.rule];
  alert.severity = alert.rule->severity;
  alert.confidence = alert.rule->confidence;
  alert.why = matchers_[match.program]->explain(match.number);
  describe(alert, event, names_);
  if (exercise_ == Exercise::yes) alert.exercise = Exercise::yes;
  alert.order = match.rule;
  alert.carried = carried(match);
  seal(alert);
  sink.raise(std::move(alert));
}

std::shared_ptr<const void> SigmaDetector::carried(const Match& match) const {
  const auto& memberships = plan_->network.of_rules[match.rule];
  if (memberships.empty()) return nullptr;
  const auto& matcher = *matchers_[match.program];
  const auto& slots = plan_->programs[match.program].program->slot_of;
  const auto take = [&](const std::vector<std::string>& names, std::vector<std::string>& values) {
    for (const auto& name : names) {
      const auto found = matcher.values(slots.at(name));
      if (found.empty()) return false;  // an event without the field is not counted
      values.emplace_back(found.front());
    }
    return true;
  };
  auto out = std::make_shared<Carried>();
  out->silent = plan_->network.silent_rules[match.rule];
  for (const auto& membership : memberships) {
    Contribution contribution{membership.correlation, membership.member, {}, {}};
    if (take(membership.keys, contribution.key) && take(membership.values, contribution.values))
      out->contributions.push_back(std::move(contribution));
  }
  return out;
}

}  // namespace tocsin::rules::sigma
