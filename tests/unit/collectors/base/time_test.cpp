#include "collectors/base/time.h"

#include <gtest/gtest.h>

namespace tocsin {
namespace {

TEST(Time, parse_and_render_are_inverse) {
  for (const auto* text : {"2026-11-22T15:30:01.250Z", "1999-12-31T23:59:59.000Z", "2026-02-28T00:00:00.123456789Z"})
    EXPECT_EQ(render_time(parse_time(text).value()), text);
  EXPECT_EQ(render_time(parse_time("2026-11-22 22:30:01+07:00").value()), "2026-11-22T15:30:01.000Z");
}

TEST(Time, refuses_what_is_not_a_time) {
  for (const auto* text :
       {"", "2026-13-01", "2026-02-30T00:00:00Z", "2026-11-22T25:00:00Z", "2026-11-22T15:30:01.250Zx", "yesterday"})
    EXPECT_FALSE(parse_time(text).has_value()) << text;
}

TEST(Duration, parse_and_render_are_inverse) {
  for (const auto* text : {"1h30m", "10m", "7d", "500ms", "1s", "1s500ms", "1m1us", "2h999999999ns"})
    EXPECT_EQ(render_duration(parse_duration(text).value()), text);
  EXPECT_FALSE(parse_duration("10").has_value());
  EXPECT_FALSE(parse_duration("99999999999999w").has_value());
}

}  // namespace
}  // namespace tocsin
