#include "rules/sigma/match/detector.h"

#include <algorithm>
#include <chrono>

#include "rules/sigma/correlate/key.h"
#include "rules/sigma/match/describer.h"

namespace tocsin::rules::sigma {

SigmaDetector::SigmaDetector(std::shared_ptr<const Plan> plan, const WorkerContext& context)
    : plan_(std::move(plan)),
      names_(context.names),
      exercise_(context.exercise),
      router_(plan_->program_views, names_),
      describer_(std::make_shared<MatchDescriber>(plan_, names_, exercise_)),
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
  kept_.reset();
  texts_.begin();
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
  if (--until_measured_ != 0) return matcher.match(event, texts_);
  draw_ ^= draw_ << 13;
  draw_ ^= draw_ >> 17;
  draw_ ^= draw_ << 5;
  until_measured_ = 1 + draw_ % (2 * measured_every - 1);  // `measured_every` on average
  const auto start = std::chrono::steady_clock::now();
  const auto& matched = matcher.match(event, texts_);
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
  auto fed = carried(event, match);
  if (fed == nullptr || !fed->silent) {
    auto alert = describe_match(*plan_, match.rule, *matchers_[match.program], match.number, event, names_, exercise_);
    alert.carried = std::move(fed);
    return sink.raise(std::move(alert));
  }
  if (fed->contributions.empty()) return;
  if (kept_ == nullptr) kept_ = std::make_shared<const KeptEvent>(event);
  fed->event = kept_;
  fed->describer = describer_;
  // No more than what puts it in order.
  Alert alert;
  alert.rule = plan_->rules[match.rule];
  alert.id = fed->identity;
  alert.time = event.header().observed;
  alert.order = match.rule;
  alert.carried = std::move(fed);
  sink.raise(std::move(alert));
}

std::shared_ptr<Carried> SigmaDetector::carried(const Event& event, const Match& match) {
  const auto& feeds = plan_->programs[match.program].feeds[match.number];
  if (feeds.empty()) return nullptr;
  auto out = std::make_shared<Carried>();
  const auto& of_rule = plan_->identities[match.rule];
  const auto& id = event.header().id;
  out->identity = {of_rule.high ^ id.high, of_rule.low ^ id.low};
  out->silent = plan_->network.silent_rules[match.rule];
  out->rule = match.rule;
  out->program = match.program;
  out->number = match.number;
  out->contributions.reserve(feeds.size());
  for (const auto& feed : feeds)
    if (!contribute(feed, *matchers_[match.program], out->contributions.emplace_back())) out->contributions.pop_back();
  return out;
}

// An event without one of the fields is not counted.
bool SigmaDetector::contribute(const Feed& feed, const Matcher& matcher, Contribution& out) {
  out.correlation = feed.correlation;
  out.member = feed.member;
  for (const auto slot : feed.keys) {
    const auto value = matcher.first_value(slot);
    if (!value) return false;
    append_to_key(out.key, *value);
  }
  values_.clear();
  for (const auto slot : feed.values) {
    const auto value = matcher.first_value(slot);
    if (!value) return false;
    values_.push_back(*value);
  }
  return set_value(out, plan_->network.correlations[feed.correlation], values_);
}

}  // namespace tocsin::rules::sigma
