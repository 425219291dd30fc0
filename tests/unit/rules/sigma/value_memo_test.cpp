#include "rules/sigma/match/value_memo.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "collectors/base/digest.h"

namespace tocsin::rules::sigma {
namespace {

ValueMemo::Key key(Slot slot, std::string_view text, Value::Kind kind = Value::Kind::text) {
  return {slot, kind, text};
}

auto find(ValueMemo& memo, const ValueMemo::Key& wanted) { return memo.find(wanted, hash64(wanted.text)); }

std::vector<PredicateId> known(ValueMemo& memo, const ValueMemo::Key& wanted) {
  const auto found = find(memo, wanted);
  return found ? std::vector<PredicateId>(found->begin(), found->end()) : std::vector<PredicateId>{999};
}

TEST(ValueMemo, ForgetsNothingButWhatMadeRoom) {
  ValueMemo memo;
  constexpr std::uint32_t values = 4 * ValueMemo::places;
  for (std::uint32_t i = 0; i < values; ++i) {
    const auto text = "value " + std::to_string(i);
    ASSERT_FALSE(find(memo, key(3, text)));
    const std::vector<PredicateId> held{i, i + 1};
    memo.keep(key(3, text), held);
    EXPECT_EQ(known(memo, key(3, text)), held);
  }
  std::size_t kept = 0;
  for (std::uint32_t i = 0; i < values; ++i) {
    const auto found = known(memo, key(3, "value " + std::to_string(i)));
    if (found == std::vector<PredicateId>{999}) continue;
    ++kept;
    EXPECT_EQ(found, (std::vector<PredicateId>{i, i + 1}));
  }
  EXPECT_LE(kept, ValueMemo::places);
  EXPECT_GT(kept, ValueMemo::places / 2);
}

TEST(ValueMemo, FieldKindAndTextAllCount) {
  ValueMemo memo;
  ASSERT_FALSE(find(memo, key(1, "7")));
  memo.keep(key(1, "7"), std::vector<PredicateId>{5});
  EXPECT_EQ(known(memo, key(1, "7")), std::vector<PredicateId>{5});
  EXPECT_FALSE(find(memo, key(2, "7")));
  EXPECT_FALSE(find(memo, key(1, "70")));
  EXPECT_FALSE(find(memo, key(1, "")));
  EXPECT_FALSE(find(memo, key(1, "7", Value::Kind::integer)));
}

TEST(ValueMemo, NothingHeldIsAnAnswerToo) {
  ValueMemo memo;
  ASSERT_FALSE(find(memo, key(1, "quiet")));
  memo.keep(key(1, "quiet"), {});
  EXPECT_EQ(known(memo, key(1, "quiet")), std::vector<PredicateId>{});
}

TEST(ValueMemo, RefusesWhatCannotBeToldByItsText) {
  const std::string longer(ValueMemo::text_most + 1, 'a');
  EXPECT_FALSE(ValueMemo::fits(key(1, longer)));
  EXPECT_FALSE(ValueMemo::fits(key(1, "1.5", Value::Kind::real)));
  EXPECT_FALSE(ValueMemo::fits(key(1, "2026-01-01T00:00:00Z", Value::Kind::time)));
  EXPECT_TRUE(ValueMemo::fits(key(1, "192.0.2.1", Value::Kind::ip)));
  ValueMemo memo;
  ASSERT_FALSE(find(memo, key(1, "many")));
  memo.keep(key(1, "many"), std::vector<PredicateId>(ValueMemo::held_most + 1, 1));
  EXPECT_FALSE(find(memo, key(1, "many")));
}

}  // namespace
}  // namespace tocsin::rules::sigma
