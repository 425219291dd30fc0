#include "daemon/report/calendar.h"

#include <algorithm>
#include <array>
#include <vector>

#include "collectors/base/text.h"

namespace tocsin::daemon {

using namespace std::chrono;
using collectors::LocalTime;

namespace {

constexpr int days_searched = 5 * 366;
constexpr std::array<std::string_view, 7> weekday_names{"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

struct Shorthand {
  std::string_view name;
  std::string_view meaning;
};
constexpr std::array<Shorthand, 7> shorthands{{{"hourly", "*-*-* *:00:00"},
                                               {"daily", "*-*-* 00:00:00"},
                                               {"weekly", "Mon *-*-* 00:00:00"},
                                               {"monthly", "*-*-01 00:00:00"},
                                               {"quarterly", "*-01,04,07,10-01 00:00:00"},
                                               {"semiannually", "*-01,07-01 00:00:00"},
                                               {"yearly", "*-01-01 00:00:00"}}};

std::unexpected<Error> refuse(std::string_view text, std::string_view part) {
  return fail(Code::invalid, "\"" + escape_terminal(text) + "\" is not a calendar expression: \"" +
                                 escape_terminal(part) +
                                 "\" cannot be read; write it as \"daily\", \"*-*-* 06:00\" or \"Mon..Fri 08:30\"");
}

// One number field: "*", "5", "1..5", "0/15", "*/15" and lists of them.
template <std::size_t N>
bool read_field(std::string_view text, int least, int most, std::bitset<N>& out) {
  for (const auto item : split(text, ',')) {
    const auto slash = item.find('/');
    const auto range = item.substr(0, slash);
    int step = 1;
    if (slash != std::string_view::npos) {
      const auto number = parse_unsigned(item.substr(slash + 1));
      if (!number || *number == 0 || *number > 1000) return false;
      step = static_cast<int>(*number);
    }
    int first = least;
    int last = most;
    if (range != "*") {
      const auto dots = range.find("..");
      const auto from = parse_unsigned(range.substr(0, dots));
      if (!from || *from > static_cast<unsigned>(most)) return false;
      first = static_cast<int>(*from);
      last = slash == std::string_view::npos ? first : most;
      if (dots != std::string_view::npos) {
        const auto to = parse_unsigned(range.substr(dots + 2));
        if (!to || *to > static_cast<unsigned>(most)) return false;
        last = static_cast<int>(*to);
      }
    }
    if (first < least || last < first) return false;
    for (int i = first; i <= last; i += step) out.set(static_cast<std::size_t>(i));
  }
  return out.any();
}

std::optional<std::size_t> weekday_of(std::string_view text) {
  const auto name = lower_ascii(text);
  static constexpr std::array<std::string_view, 7> whole{"sunday",   "monday", "tuesday", "wednesday",
                                                         "thursday", "friday", "saturday"};
  for (std::size_t i = 0; i < 7; ++i)
    if (name == weekday_names[i] || name == whole[i]) return i;
  return std::nullopt;
}

bool read_weekdays(std::string_view text, std::bitset<7>& out) {
  for (const auto item : split(text, ',')) {
    const auto dots = item.find("..");
    const auto from = weekday_of(item.substr(0, dots));
    const auto to = dots == std::string_view::npos ? from : weekday_of(item.substr(dots + 2));
    if (!from || !to) return false;
    for (std::size_t day = *from;; day = (day + 1) % 7) {  // "Fri..Mon" goes over the weekend
      out.set(day);
      if (day == *to) break;
    }
  }
  return out.any();
}

}  // namespace

Result<Calendar> Calendar::parse(std::string_view text, collectors::TimeZone zone) {
  std::string_view meaning = trim(text);
  for (const auto& shorthand : shorthands)
    if (equals_ignoring_case(meaning, shorthand.name)) meaning = shorthand.meaning;
  Calendar out;
  out.zone_ = std::move(zone);
  bool has_date = false;
  bool has_time = false;
  bool has_weekdays = false;
  for (const auto part : split(meaning, ' ')) {
    if (part.empty()) continue;
    const auto colons = std::ranges::count(part, ':');
    const auto dashes = std::ranges::count(part, '-');
    if (colons > 0 && !has_time) {
      const auto fields = split(part, ':');
      has_time = colons <= 2 && read_field(fields[0], 0, 23, out.hours_) &&
                 read_field(fields[1], 0, 59, out.minutes_) &&
                 (colons == 1 ? (out.seconds_.set(0), true) : read_field(fields[2], 0, 59, out.seconds_));
      if (!has_time) return refuse(text, part);
    } else if (dashes > 0 && !has_date && !has_time) {
      const auto fields = split(part, '-');
      const std::size_t year = dashes == 2 ? 0 : 1;
      has_date = dashes <= 2 && (dashes == 1 || read_field(fields[0], year_first, year_last, out.years_)) &&
                 read_field(fields[1 - year], 1, 12, out.months_) && read_field(fields[2 - year], 1, 31, out.days_);
      if (!has_date) return refuse(text, part);
    } else if (!has_weekdays && !has_date && !has_time && read_weekdays(part, out.weekdays_)) {
      has_weekdays = true;
    } else {
      return refuse(text, part);
    }
  }
  if (!has_date && !has_time && !has_weekdays) return refuse(text, text);
  if (!has_weekdays) out.weekdays_.set();
  if (out.years_.none()) out.years_.set();
  if (!has_date) {
    out.months_.set();
    out.days_.set();
  }
  if (!has_time) {
    out.hours_.set(0);
    out.minutes_.set(0);
    out.seconds_.set(0);
  }
  return out;
}

bool Calendar::day_matches(local_days day) const {
  const year_month_day date(day);
  const int y = static_cast<int>(date.year());
  return y >= year_first && y <= year_last && years_[static_cast<std::size_t>(y)] &&
         months_[static_cast<unsigned>(date.month())] && days_[static_cast<unsigned>(date.day())] &&
         weekdays_[weekday(day).c_encoding()];
}

// In order; `each` gives true to stop.
template <class Each>
bool Calendar::each_time(local_days day, Each&& each) const {
  for (std::size_t h = 0; h < 24; ++h) {
    if (!hours_[h]) continue;
    for (std::size_t m = 0; m < 60; ++m) {
      if (!minutes_[m]) continue;
      for (std::size_t s = 0; s < 60; ++s)
        if (seconds_[s] && each(zone_.to_utc(LocalTime(day) + hours(h) + minutes(m) + seconds(s)))) return true;
    }
  }
  return false;
}

// A day early, because the local day of `after` may begin before or after it in UTC.
std::optional<Time> Calendar::next(Time after) const {
  auto day = floor<days>(LocalTime(after.time_since_epoch()) + zone_.offset_at(after)) - days(1);
  for (int i = 0; i < days_searched; ++i, day += days(1)) {
    if (!day_matches(day)) continue;
    std::optional<Time> found;
    each_time(day, [&](Time time) {
      if (time > after) found = time;
      return found.has_value();
    });
    if (found) return found;
  }
  return std::nullopt;
}

std::optional<Time> Calendar::last(Time at) const {
  auto day = floor<days>(LocalTime(at.time_since_epoch()) + zone_.offset_at(at)) + days(1);
  for (int i = 0; i < days_searched; ++i, day -= days(1)) {
    if (!day_matches(day)) continue;
    std::optional<Time> found;
    each_time(day, [&](Time time) {
      if (time <= at) found = found ? std::max(*found, time) : time;
      return time > at;
    });
    if (found) return found;
  }
  return std::nullopt;
}

}  // namespace tocsin::daemon
