#include "rules/sigma/correlate/group_table.h"

#include <algorithm>
#include <list>
#include <random>

#include <gtest/gtest.h>

#include "rules/sigma/correlate/key.h"
#include "rules/sigma/correlate/recent_ids.h"

namespace tocsin::rules::sigma {
namespace {

std::vector<std::string> keys_in_order(const GroupTable& table) {
  std::vector<std::string> out;
  if (table.size() == 0) return out;
  for (auto at = table.oldest(); at != GroupTable::none; at = table.newer(at)) out.push_back(table[at].key);
  return out;
}

// Against a list, with as many groups going as coming.
TEST(GroupTable, is_what_a_list_in_order_of_use_would_be) {
  Correlation correlation;
  correlation.rules = {"rule"};
  GroupTable table;
  std::list<std::string> plain;  // oldest first
  std::mt19937 random(7);
  for (int step = 0; step < 20'000; ++step) {
    const auto key = std::to_string(random() % 300);
    const auto there = std::ranges::find(plain, key);
    if (const auto place = table.find(key); random() % 3 == 0) {
      ASSERT_EQ(place != GroupTable::none, there != plain.end());
      if (place == GroupTable::none) continue;
      table.erase(place);
      plain.erase(there);
    } else if (table.use(key) != GroupTable::none) {
      ASSERT_NE(there, plain.end());
      plain.splice(plain.end(), plain, there);
    } else {
      ASSERT_EQ(there, plain.end());
      table.add(key, correlation, Time{});
      plain.push_back(key);
    }
    ASSERT_EQ(table.size(), plain.size());
  }
  EXPECT_EQ(keys_in_order(table), std::vector<std::string>(plain.begin(), plain.end()));
}

TEST(GroupKey, gives_its_values_back_and_bears_being_cut) {
  const std::vector<std::string> values{
      "10.0.0.1", "", std::string(127, 'a'), std::string(128, 'b'), std::string(20'000, 'c'), std::string("\0\xFF", 2)};
  std::string key;
  for (const auto& value : values) append_to_key(key, value);
  EXPECT_EQ(values_of_key(key), values);
  for (std::size_t length = 0; length < key.size(); length += 61)
    EXPECT_LE(values_of_key(std::string_view(key).substr(0, length)).size(), values.size());
  EXPECT_TRUE(values_of_key(std::string(12, '\xFF')).empty());
}

TEST(RecentIds, forgets_the_oldest_at_the_cap) {
  RecentIds ids;
  const auto id = [](std::uint32_t n) { return hash128(std::to_string(n)); };
  for (std::uint32_t n = 0; n < RecentIds::most * 3; ++n) {
    ASSERT_TRUE(ids.insert(id(n)));
    ASSERT_FALSE(ids.insert(id(n)));
    if (n >= 100) {
      ASSERT_FALSE(ids.insert(id(n - 100)));
    }
  }
  EXPECT_FALSE(ids.insert(id(RecentIds::most * 2)));  // the oldest that is still there
  EXPECT_TRUE(ids.insert(id(RecentIds::most * 2 - 1)));
}

TEST(Entries, keep_late_ones_in_their_place) {
  Entries entries;
  std::vector<Time> times;
  std::mt19937 random(3);
  for (int step = 0; step < 2000; ++step) {
    const Time time{Duration(static_cast<std::int64_t>(random() % 1000))};
    entries.insert({time, {}, {}, 0, 0});
    times.insert(std::ranges::upper_bound(times, time), time);
    if (random() % 3 == 0) {
      entries.pop_front();
      times.erase(times.begin());
    }
  }
  ASSERT_EQ(entries.size(), times.size());
  for (std::size_t i = 0; i < times.size(); ++i) ASSERT_EQ(entries[i].time, times[i]);
}

TEST(ValueCounts, count_few_and_many) {
  ValueCounts counts;
  const auto value = [](int n) { return hash128(std::to_string(n)); };
  for (int round = 0; round < 2; ++round)
    for (int n = 0; n < 100; ++n) counts.add(value(n));
  EXPECT_EQ(counts.size(), 100U);
  for (int n = 0; n < 100; ++n) counts.remove(value(n));
  EXPECT_EQ(counts.size(), 100U);
  for (int n = 0; n < 95; ++n) counts.remove(value(n));
  EXPECT_EQ(counts.size(), 5U);
}

}  // namespace
}  // namespace tocsin::rules::sigma
