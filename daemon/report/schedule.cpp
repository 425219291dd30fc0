#include "daemon/report/schedule.h"

#include <fmt/format.h>

#include <algorithm>

namespace tocsin::daemon {

using namespace std::chrono;

namespace {

struct LocalParts {
  int year;
  unsigned month, day;
  long hour, minute, second;
  long offset;
};

LocalParts split_local(Time time, const collectors::TimeZone& zone) {
  const auto offset = zone.offset_at(time);
  const auto local = floor<seconds>(time) + offset;
  const auto day = floor<days>(local);
  const year_month_day date(day);
  const hh_mm_ss clock(local - day);
  return {static_cast<int>(date.year()),
          static_cast<unsigned>(date.month()),
          static_cast<unsigned>(date.day()),
          clock.hours().count(),
          clock.minutes().count(),
          clock.seconds().count(),
          offset.count() / 60};
}

}  // namespace

std::string render_zoned(Time time, const collectors::TimeZone& zone) {
  const auto p = split_local(time, zone);
  const auto minutes_off = p.offset < 0 ? -p.offset : p.offset;
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}{}{:02}:{:02}", p.year, p.month, p.day, p.hour, p.minute,
                     p.offset < 0 ? '-' : '+', minutes_off / 60, minutes_off % 60);
}

std::string render_local(Time time, const collectors::TimeZone& zone) {
  const auto p = split_local(time, zone);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}", p.year, p.month, p.day, p.hour, p.minute, p.second);
}

Result<Schedule> Schedule::parse(std::string_view calendar, std::string_view time_zone) {
  TOCSIN_TRY(auto zone, collectors::TimeZone::load(time_zone));
  TOCSIN_TRY(auto parsed, Calendar::parse(calendar, std::move(zone)));
  if (!parsed.next(Time{}))
    return fail(Code::invalid, fmt::format("\"{}\" never happens; check day and month", calendar));
  return Schedule(std::move(parsed));
}

Period Schedule::ending(Time until) const {
  const auto before = calendar_.last(until - nanoseconds(1));
  auto name = render_zoned(until, calendar_.zone());
  // Two ends within one minute are two periods.
  if (const auto second = split_local(until, calendar_.zone()).second; second != 0)
    name.insert(name.size() - std::string_view("+00:00").size(), fmt::format(":{:02}", second));
  return {before.value_or(until - days(1)), until, std::move(name)};
}

std::vector<Period> Schedule::due(Time reported, Time now, std::size_t most) const {
  std::vector<Period> out;
  auto until = calendar_.last(now);
  while (until && *until > reported && out.size() < most) {
    out.push_back(ending(*until));
    until = calendar_.last(*until - nanoseconds(1));
  }
  std::ranges::reverse(out);
  return out;
}

}  // namespace tocsin::daemon
