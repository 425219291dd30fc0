#include "daemon/report/calendar.h"

#include <gtest/gtest.h>

#include "daemon/report/schedule.h"

namespace tocsin::daemon {
namespace {

Time utc(const char* text) { return parse_time(text).value(); }
collectors::TimeZone zone(const char* name) { return collectors::TimeZone::load(name).value(); }
std::string after(const char* expression, const char* time, const char* zone_name = "UTC") {
  const auto calendar = Calendar::parse(expression, zone(zone_name));
  if (!calendar) return calendar.error().message;
  const auto next = calendar->next(utc(time));
  return next ? render_time(*next).substr(0, 19) : "never";
}

TEST(Calendar, shorthands) {
  EXPECT_EQ(after("hourly", "2026-11-22T09:15:00Z"), "2026-11-22T10:00:00");
  EXPECT_EQ(after("daily", "2026-11-22T09:15:00Z"), "2026-11-23T00:00:00");
  EXPECT_EQ(after("weekly", "2026-11-22T09:15:00Z"), "2026-11-23T00:00:00");  // a Monday
  EXPECT_EQ(after("monthly", "2026-11-22T09:15:00Z"), "2026-12-01T00:00:00");
  EXPECT_EQ(after("quarterly", "2026-11-22T09:15:00Z"), "2027-01-01T00:00:00");
  EXPECT_EQ(after("Yearly", "2026-11-22T09:15:00Z"), "2027-01-01T00:00:00");
}

TEST(Calendar, dates_times_weekdays_lists_ranges_and_steps) {
  EXPECT_EQ(after("*-*-* 06:00", "2026-11-22T06:00:00Z"), "2026-11-23T06:00:00");
  EXPECT_EQ(after("*-*-* 06:00", "2026-11-22T05:59:59Z"), "2026-11-22T06:00:00");
  EXPECT_EQ(after("06:00", "2026-11-22T07:00:00Z"), "2026-11-23T06:00:00");
  EXPECT_EQ(after("Mon..Fri 08:30", "2026-11-20T09:00:00Z"), "2026-11-23T08:30:00");  // Friday → Monday
  EXPECT_EQ(after("Sat,Sun 12:00:30", "2026-11-20T09:00:00Z"), "2026-11-21T12:00:30");
  EXPECT_EQ(after("Fri..Mon", "2026-11-23T00:00:00Z"), "2026-11-27T00:00:00");
  EXPECT_EQ(after("*-*-1,15 00:00", "2026-11-02T00:00:00Z"), "2026-11-15T00:00:00");
  EXPECT_EQ(after("*:0/15", "2026-11-22T09:16:00Z"), "2026-11-22T09:30:00");
  EXPECT_EQ(after("8..18/2:00", "2026-11-22T09:16:00Z"), "2026-11-22T10:00:00");
  EXPECT_EQ(after("2027-02-28 23:59:59", "2026-11-22T09:16:00Z"), "2027-02-28T23:59:59");
  EXPECT_EQ(after("Mon *-*-1..7 09:00", "2026-11-22T09:16:00Z"), "2026-12-07T09:00:00");
  EXPECT_EQ(after("*-02-29", "2026-11-22T09:16:00Z"), "2028-02-29T00:00:00");
  EXPECT_EQ(after("*-02-30", "2026-11-22T09:16:00Z"), "never");
}

TEST(Calendar, what_cannot_be_read_is_named) {
  for (const char* text :
       {"", "  ", "sometimes", "25:00", "06:60", "*-13-01", "*-*-32", "Mon..Blah 06:00", "06:00 06:00", "5..1:00",
        "*/0:00", "1-2-3-4", "1:2:3:4", "*-*-* 06:00 extra", "06:00 *-*-*", "-1:00"}) {
    const auto calendar = Calendar::parse(text, {});
    ASSERT_FALSE(calendar) << text;
    EXPECT_EQ(calendar.error().code, Code::invalid);
    EXPECT_NE(calendar.error().message.find("write it as"), std::string::npos);
  }
}

TEST(Calendar, the_last_occurrence_is_the_inverse_of_the_next) {
  for (const char* expression : {"hourly", "Mon..Fri 08:30", "*-*-1,15 02:30", "*:0/20"})
    for (const char* name : {"UTC", "Europe/Berlin", "America/New_York", "Asia/Ho_Chi_Minh", "Australia/Lord_Howe"}) {
      const auto calendar = Calendar::parse(expression, zone(name)).value();
      auto time = utc("2026-02-27T00:00:00Z");
      for (int i = 0; i < 120; ++i) {
        const auto next = calendar.next(time).value();
        ASSERT_GT(next, time);
        ASSERT_EQ(calendar.last(next).value(), next) << expression << ' ' << name << ' ' << render_time(next);
        ASSERT_LT(calendar.last(next - Duration(1)).value(), next);
        time = next;
      }
    }
}

TEST(Calendar, daylight_saving_skips_nothing_and_doubles_nothing) {
  // Berlin goes from +1 to +2 on 2026-03-29 at 02:00 and back on 2026-10-25 at 03:00.
  EXPECT_EQ(after("06:00", "2026-03-28T12:00:00Z", "Europe/Berlin"), "2026-03-29T04:00:00");
  EXPECT_EQ(after("06:00", "2026-03-27T12:00:00Z", "Europe/Berlin"), "2026-03-28T05:00:00");
  EXPECT_EQ(after("02:30", "2026-03-28T12:00:00Z", "Europe/Berlin"), "2026-03-29T01:30:00");  // skipped: 03:30 local
  EXPECT_EQ(after("02:30", "2026-03-29T01:30:00Z", "Europe/Berlin"), "2026-03-30T00:30:00");
  EXPECT_EQ(after("02:30", "2026-10-24T12:00:00Z", "Europe/Berlin"), "2026-10-25T00:30:00");  // the first of two
  EXPECT_EQ(after("02:30", "2026-10-25T00:30:00Z", "Europe/Berlin"), "2026-10-26T01:30:00");
}

TEST(Schedule, periods_go_from_one_occurrence_to_the_next) {
  const auto schedule = Schedule::parse("*-*-* 06:00", "Asia/Ho_Chi_Minh").value();
  const auto due = schedule.due(utc("2026-11-20T00:00:00Z"), utc("2026-11-22T12:00:00Z"), 10);
  ASSERT_EQ(due.size(), 2U);
  EXPECT_EQ(due[0].name, "2026-11-21T06:00+07:00");
  EXPECT_EQ(due[1].name, "2026-11-22T06:00+07:00");
  EXPECT_EQ(due[0].until, due[1].since);
  EXPECT_EQ(due[1].until - due[1].since, std::chrono::hours(24));
  EXPECT_TRUE(schedule.due(due[1].until, utc("2026-11-22T12:00:00Z"), 10).empty());
  // Off for a year: the newest of them.
  EXPECT_EQ(schedule.due(utc("2025-11-20T00:00:00Z"), utc("2026-11-22T12:00:00Z"), 5).front().name,
            "2026-11-18T06:00+07:00");
}

TEST(Schedule, the_day_of_the_clock_change_has_23_or_25_hours) {
  const auto schedule = Schedule::parse("daily", "Europe/Berlin").value();
  const auto spring = schedule.due(utc("2026-03-28T23:00:00Z"), utc("2026-03-29T22:00:00Z"), 9);
  ASSERT_EQ(spring.size(), 1U);
  EXPECT_EQ(spring[0].until - spring[0].since, std::chrono::hours(23));
  EXPECT_EQ(spring[0].name, "2026-03-30T00:00+02:00");
  const auto autumn = schedule.due(utc("2026-10-24T22:00:00Z"), utc("2026-10-25T23:00:00Z"), 9);
  ASSERT_EQ(autumn.size(), 1U);
  EXPECT_EQ(autumn[0].until - autumn[0].since, std::chrono::hours(25));
}

TEST(Schedule, ends_within_one_minute_are_periods_of_their_own) {
  const auto schedule = Schedule::parse("*-*-* *:*:00/20", "UTC").value();
  const auto due = schedule.due(utc("2026-11-22T06:00:00Z"), utc("2026-11-22T06:01:00Z"), 10);
  ASSERT_EQ(due.size(), 3U);
  EXPECT_EQ(due[0].name, "2026-11-22T06:00:20+00:00");
  EXPECT_EQ(due[1].name, "2026-11-22T06:00:40+00:00");
  EXPECT_EQ(due[2].name, "2026-11-22T06:01+00:00");
}

TEST(Schedule, mistakes_are_refused) {
  EXPECT_FALSE(Schedule::parse("daily", "Mars/Olympus"));
  EXPECT_FALSE(Schedule::parse("*-02-30", "UTC"));
}

}  // namespace
}  // namespace tocsin::daemon
