#include "rules/sigma/correlate/correlator.h"

#include <algorithm>
#include <cmath>

#include "rules/sigma/correlate/key.h"

namespace tocsin::rules::sigma {
namespace {

constexpr std::size_t most_events = 64;

// A count need not be known beyond the largest number it is compared with.
std::size_t entries_needed(const Correlation& correlation, std::size_t most) {
  if (correlation.type != CorrelationType::event_count) return most;
  double largest = 1;
  for (const auto& threshold : correlation.thresholds) largest = std::max(largest, std::floor(threshold.value) + 1);
  return largest < static_cast<double>(most) ? static_cast<std::size_t>(largest) : most;
}

}  // namespace

Correlator::Correlator(const CorrelationNetwork& network, const CorrelationLimits& limits)
    : network_(network), limits_(limits), tables_(network.correlations.size()) {
  for (std::size_t i = 0; i < tables_.size(); ++i)
    tables_[i].most_entries = entries_needed(network.correlations[i], limits.most_entries);
}

std::size_t Correlator::groups() const noexcept {
  std::size_t count = 0;
  for (const auto& table : tables_) count += table.groups.size();
  return count;
}

void Correlator::erase(std::uint32_t correlation, Place place) {
  auto& groups = tables_[correlation].groups;
  const auto& gone = groups[place];
  if (gone.group.waiting) timers_.erase({gone.group.closes_at, correlation, gone.key});
  groups.erase(place);
}

// Groups nobody fed for a timespan hold nothing; a few per call keep the tables small without a sweep.
void Correlator::drop_stale(std::uint32_t correlation, Time now) {
  const auto& groups = tables_[correlation].groups;
  const auto since = now - network_.correlations[correlation].timespan;
  for (int i = 0; i < 2 && groups.size() != 0; ++i) {
    const auto& last = groups[groups.oldest()];
    if (last.seen > since || last.group.waiting) return;
    erase(correlation, groups.oldest());
  }
}

Correlator::Slot& Correlator::slot(std::uint32_t correlation, std::string_view key, Time now) {
  auto& groups = tables_[correlation].groups;
  auto place = groups.use(key);
  if (place == GroupTable::none) {
    drop_stale(correlation, now);
    if (groups.size() >= limits_.most_groups) {
      erase(correlation, groups.oldest());
      ++evicted_groups_;
    }
    place = groups.add(key, network_.correlations[correlation], now);
  }
  auto& found = groups[place];
  found.seen = std::max(found.seen, now);
  return found;
}

void Correlator::feed(std::uint32_t correlation, std::string_view key, const Occurrence& occurrence,
                      std::string_view host, Exercise exercise, const Fired& fired) {
  const auto& definition = network_.correlations[correlation];
  const auto now = occurrence.time;
  auto& place = slot(correlation, key, now);
  if (place.origin.host != host) place.origin.host = host;
  place.origin.exercise = exercise;
  auto& group = place.group;
  group.expire(place.seen - definition.timespan);
  if (now <= place.seen - definition.timespan) return;  // too late for any window
  if (!group.add(definition, occurrence, tables_[correlation].most_entries) &&
      definition.type != CorrelationType::event_count)
    ++dropped_entries_;
  if (definition.judges_silence() || definition.judged_at_close()) await_close(correlation, place, now);
  else judge(correlation, place, place.seen, fired);
}

void Correlator::judge(std::uint32_t correlation, Slot& place, Time now, const Fired& fired) {
  const auto& definition = network_.correlations[correlation];
  auto& group = place.group;
  if (!group.holds(definition, now)) {
    group.armed = true;
    return;
  }
  if (!group.armed && now < group.fired_at + definition.timespan) return;
  group.armed = false;
  group.fired_at = now;
  fire(correlation, place, now, fired);
}

void Correlator::await_close(std::uint32_t correlation, Slot& place, Time now) {
  const auto& definition = network_.correlations[correlation];
  auto& group = place.group;
  const bool silence = definition.judges_silence();
  if (group.waiting && !silence) return;
  if (group.waiting) timers_.erase({group.closes_at, correlation, place.key});
  group.waiting = true;
  group.closes_at = now + definition.timespan;
  timers_.insert({group.closes_at, correlation, place.key});
}

void Correlator::close(const Timer& timer, const Fired& fired) {
  auto& groups = tables_[timer.correlation].groups;
  const auto found = groups.find(timer.key);
  if (found == GroupTable::none) return;
  const auto& definition = network_.correlations[timer.correlation];
  auto& place = groups[found];
  auto& group = place.group;
  group.waiting = false;
  if (definition.judges_silence()) {
    group.expire(timer.time - definition.timespan);
    if (group.entries().empty()) fire(timer.correlation, place, timer.time, fired);
  } else {
    // Its window began with its first event and ends just before the close.
    if (group.holds(definition, timer.time - Duration(1))) fire(timer.correlation, place, timer.time, fired);
    group.clear();
  }
  erase(timer.correlation, found);
}

void Correlator::advance(Time now, const Fired& fired) {
  while (!timers_.empty() && timers_.begin()->time + limits_.lateness <= now) {
    const Timer timer = *timers_.begin();
    timers_.erase(timers_.begin());
    close(timer, fired);
  }
}

void Correlator::fire(std::uint32_t correlation, Slot& place, Time now, const Fired& fired) {
  Firing firing;
  firing.correlation = correlation;
  firing.key = values_of_key(place.key);
  firing.time = now;
  firing.origin = place.origin;
  firing.value = place.group.measure(network_.correlations[correlation], now);
  const auto& entries = place.group.entries();
  const auto first = entries.size() > most_events ? entries.size() - most_events : 0;
  for (auto i = first; i < entries.size(); ++i)
    if (firing.events.empty() || firing.events.back() != entries[i].event) firing.events.push_back(entries[i].event);
  fired(firing);
}

}  // namespace tocsin::rules::sigma
