#pragma once
// Which periods have ended and were not reported yet. A period goes from one occurrence of the calendar to the next,
// and has an id of its own, so that it is reported exactly once: after downtime, after a crash, on however many tries.

#include <string>
#include <vector>

#include "collectors/base/result.h"
#include "collectors/base/time.h"
#include "daemon/report/calendar.h"

namespace tocsin::daemon {

struct Period {
  Time since{};
  Time until{};      // exclusive
  std::string name;  // local time of its end: "2026-11-22T06:00+07:00"
};

class Schedule {
 public:
  static Result<Schedule> parse(std::string_view calendar, std::string_view time_zone);

  // Periods that ended after `reported` and at or before `now`, the oldest first; at most the newest `most` (a daemon
  // that was off for a year does not report each hour of it).
  std::vector<Period> due(Time reported, Time now, std::size_t most) const;
  std::optional<Time> next(Time after) const { return calendar_.next(after); }
  // The period that ends at an occurrence.
  Period ending(Time until) const;
  const collectors::TimeZone& zone() const noexcept { return calendar_.zone(); }

 private:
  explicit Schedule(Calendar calendar) : calendar_(std::move(calendar)) {}
  Calendar calendar_;
};

// "2026-11-22T06:00+07:00" and "2026-11-22 06:00:00".
std::string render_zoned(Time time, const collectors::TimeZone& zone);
std::string render_local(Time time, const collectors::TimeZone& zone);

}  // namespace tocsin::daemon
