#include "daemon/eve/range_table.h"

#include <gtest/gtest.h>

namespace tocsin::daemon {
namespace {

TEST(RangeTable, PartsInAnyOrderMakeAFile) {
  RangeTable table;
  EXPECT_FALSE(table.add("a", 50, 99, 100));
  EXPECT_FALSE(table.add("b", 0, 49, 100));
  EXPECT_FALSE(table.add("a", 10, 60, 100));
  EXPECT_TRUE(table.add("a", 0, 9, 100));
  EXPECT_FALSE(table.add("a", 0, 9, 100));
}

TEST(RangeTable, NonsenseAndOtherSizesDoNotCount) {
  RangeTable table;
  EXPECT_FALSE(table.add("a", 9, 3, 10));
  EXPECT_FALSE(table.add("a", 0, 10, 10));
  EXPECT_FALSE(table.add("a", 0, 9, 10));  // whole: nothing to join
  EXPECT_FALSE(table.add("a", 0, 4, 10));
  EXPECT_FALSE(table.add("a", 5, 9, 12));
  EXPECT_FALSE(table.add("a", ~std::uint64_t{0}, ~std::uint64_t{0}, ~std::uint64_t{0}));
}

TEST(RangeTable, IsBounded) {
  RangeTable table;
  for (std::size_t i = 0; i <= RangeTable::files_most; ++i) EXPECT_FALSE(table.add(std::to_string(i), 0, 4, 10));
  EXPECT_FALSE(table.add("0", 5, 9, 10));  // forgotten
  EXPECT_TRUE(table.add("256", 5, 9, 10));
  for (std::uint64_t i = 0; i < 3 * RangeTable::parts_most; ++i) table.add("x", 2 * i + 1, 2 * i + 1, 1U << 20);
}

}  // namespace
}  // namespace tocsin::daemon
