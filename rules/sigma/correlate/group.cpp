#include "rules/sigma/correlate/group.h"

#include <algorithm>
#include <cmath>

namespace tocsin::rules::sigma {
namespace {

constexpr Time never = Time::min();

// Linear interpolation between the two nearest ranks.
double percentile(std::vector<double> numbers, double percent) {
  if (numbers.empty()) return 0;
  std::ranges::sort(numbers);
  const double rank = percent / 100 * static_cast<double>(numbers.size() - 1);
  const auto low = static_cast<std::size_t>(std::floor(rank));
  const auto high = std::min(low + 1, numbers.size() - 1);
  return numbers[low] + (numbers[high] - numbers[low]) * (rank - std::floor(rank));
}

bool evaluate(const Condition& condition, const Correlation& correlation, const std::vector<std::uint32_t>& seen) {
  const auto child = [&](const Condition& c) { return evaluate(c, correlation, seen); };
  switch (condition.kind) {
    case Condition::Kind::identifier: {
      const auto at = std::ranges::find(correlation.rules, condition.identifier) - correlation.rules.begin();
      return seen[static_cast<std::size_t>(at)] != 0;
    }
    case Condition::Kind::negation: return !child(condition.children.front());
    case Condition::Kind::all: return std::ranges::all_of(condition.children, child);
    case Condition::Kind::any: return std::ranges::any_of(condition.children, child);
  }
  return false;
}

}  // namespace

Group::Group(const Correlation& correlation) {
  if (correlation.type == CorrelationType::temporal || correlation.extended)
    by_member_.resize(correlation.rules.size());
  if (correlation.type == CorrelationType::temporal_ordered) reached_.resize(correlation.rules.size(), never);
}

void Group::count(const Occurrence& occurrence, int direction) {
  sum_ += direction * occurrence.number;
  if (!by_member_.empty()) {
    auto& members = by_member_[occurrence.member];
    members = direction > 0 ? members + 1 : members - 1;
  }
  if (!occurrence.value) return;
  if (direction > 0) distinct_.add(occurrence.value);
  else distinct_.remove(occurrence.value);
}

void Group::drop_oldest() {
  count(entries_.front(), -1);
  entries_.pop_front();
  oldest_ = entries_.empty() ? Time::max() : entries_.front().time;
}

bool Group::add(const Correlation& correlation, const Occurrence& occurrence, std::size_t most_entries) {
  const auto member = occurrence.member;
  if (correlation.type == CorrelationType::temporal_ordered) {
    const auto start = member == 0 ? occurrence.time : reached_[member - 1];
    reached_[member] = std::max(reached_[member], start);
  }
  count(occurrence, 1);
  entries_.insert(occurrence);
  oldest_ = std::min(oldest_, occurrence.time);
  if (entries_.size() <= most_entries) return true;
  drop_oldest();
  return false;
}

void Group::forget(Time until) {
  while (oldest_ <= until) drop_oldest();
  if (entries_.empty()) sum_ = 0;  // rounding must not pile up for ever
}

void Group::clear() {
  entries_.clear();
  oldest_ = Time::max();
  distinct_.clear();
  std::ranges::fill(by_member_, 0);
  std::ranges::fill(reached_, never);
  sum_ = 0;
}

void Group::release() {
  clear();
  entries_ = {};
  distinct_ = {};
  by_member_ = {};
  reached_ = {};
}

double Group::measure(const Correlation& correlation, Time now) const {
  const auto size = static_cast<double>(entries_.size());
  switch (correlation.type) {
    case CorrelationType::event_count: return size;
    case CorrelationType::value_count: return static_cast<double>(distinct_.size());
    case CorrelationType::temporal:
      return static_cast<double>(std::ranges::count_if(by_member_, [](std::uint32_t n) { return n != 0; }));
    case CorrelationType::temporal_ordered: {
      const auto since = now - correlation.timespan;
      std::size_t reached = 0;
      while (reached < reached_.size() && reached_[reached] > since) ++reached;
      return static_cast<double>(reached);
    }
    case CorrelationType::value_sum: return sum_;
    case CorrelationType::value_avg: return entries_.empty() ? 0 : sum_ / size;
    case CorrelationType::value_percentile:
    case CorrelationType::value_median: {
      std::vector<double> numbers;
      for (std::size_t i = 0; i < entries_.size(); ++i) numbers.push_back(entries_[i].number);
      return percentile(std::move(numbers),
                        correlation.type == CorrelationType::value_median ? 50 : correlation.percentile);
    }
  }
  return 0;
}

bool Group::holds(const Correlation& correlation, Time now) const {
  if (correlation.extended) return evaluate(*correlation.extended, correlation, by_member_);
  return correlation.holds(measure(correlation, now));
}

}  // namespace tocsin::rules::sigma
