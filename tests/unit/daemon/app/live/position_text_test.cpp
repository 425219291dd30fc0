#include "daemon/app/live/position_text.h"

#include <gtest/gtest.h>

namespace tocsin::daemon {
namespace {

TEST(PositionText, comes_back_whole) {
  collectors::Position position;
  position.path = "/var/log/auth.log";
  position.identity = {UINT64_MAX, 2, -1, UINT64_MAX, 1024};
  position.offset = 1ULL << 40;
  position.generation = 3;
  position.seed = {1, 2};
  const auto again = parse_position(render_position(position).second);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->identity, position.identity);
  EXPECT_EQ(again->path, position.path);
  EXPECT_EQ(again->offset, position.offset);
  EXPECT_EQ(again->generation, 3U);
  EXPECT_EQ(again->seed, position.seed);
  EXPECT_FALSE(parse_position("[]"));
  EXPECT_FALSE(parse_position("{}"));
}

}  // namespace
}  // namespace tocsin::daemon
