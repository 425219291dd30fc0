#pragma once
// What happened lately under one group key. The window is (t - timespan, t] in event time.

#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>
#include <vector>

#include "collectors/event/event.h"
#include "rules/sigma/parse/correlation.h"

namespace tocsin::rules::sigma {

// One thing that counts.
struct Occurrence {
  Time time{};
  std::uint32_t member = 0;
  EventId event;
  double number = 0;  // for sums and the like
  std::string value;  // for value_count: the tuple, unambiguous
};

// Whom an alert is about when no event is at hand: a window that closed.
struct Origin {
  std::string host;
  Exercise exercise = Exercise::no;
};

class Group {
 public:
  explicit Group(const Correlation& correlation);

  // False when the oldest had to go because of the cap.
  bool add(const Correlation& correlation, Occurrence occurrence, std::size_t most_entries);
  // Forgets what is at or before `until`.
  void expire(Time until);
  // The number that thresholds are compared with, for a window that ends at `now`.
  double measure(const Correlation& correlation, Time now) const;
  bool holds(const Correlation& correlation, Time now) const;

  const std::deque<Occurrence>& entries() const noexcept { return entries_; }
  void clear();

  // Edge trigger.
  bool armed = true;
  Time fired_at{};
  // For what is judged when the window closes.
  bool waiting = false;
  Time closes_at{};

 private:
  void count(const Occurrence& occurrence, int direction);

  std::deque<Occurrence> entries_;
  std::unordered_map<std::string, std::uint32_t> distinct_;
  std::vector<std::uint32_t> by_member_;
  // temporal_ordered: the latest start of a sequence that has reached member i.
  std::vector<Time> reached_;
  double sum_ = 0;
};

}  // namespace tocsin::rules::sigma
