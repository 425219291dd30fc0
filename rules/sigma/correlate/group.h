#pragma once
// What happened lately under one group key. The window is (t - timespan, t] in event time.

#include <cstdint>
#include <string>
#include <vector>

#include "rules/sigma/correlate/entries.h"
#include "rules/sigma/parse/correlation.h"

namespace tocsin::rules::sigma {

// Whom an alert is about when no event is at hand: a window that closed.
struct Origin {
  std::string host;
  Exercise exercise = Exercise::no;
};

class Group {
 public:
  explicit Group(const Correlation& correlation);

  // False when the oldest had to go because of the cap.
  bool add(const Correlation& correlation, const Occurrence& occurrence, std::size_t most_entries);
  // Forgets what is at or before `until`.
  void expire(Time until) {
    if (oldest_ <= until) forget(until);
  }
  // The number that thresholds are compared with, for a window that ends at `now`.
  double measure(const Correlation& correlation, Time now) const;
  bool holds(const Correlation& correlation, Time now) const;

  const Entries& entries() const noexcept { return entries_; }
  void clear();
  // Empty, and without memory of its own.
  void release();

  // Edge trigger.
  bool armed = true;
  bool waiting = false;  // for what is judged when the window closes
  Time fired_at{};
  Time closes_at{};  // while waiting

 private:
  void count(const Occurrence& occurrence, int direction);
  void forget(Time until);
  void drop_oldest();

  Time oldest_ = Time::max();  // of the entries
  Entries entries_;
  double sum_ = 0;
  ValueCounts distinct_;
  std::vector<std::uint32_t> by_member_;  // empty where nobody asks
  // temporal_ordered: the latest start of a sequence that has reached member i.
  std::vector<Time> reached_;
};

}  // namespace tocsin::rules::sigma
