#include "rules/pattern/hyperscan.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "collectors/base/text.h"

namespace tocsin::rules {
namespace {

class Hyperscan : public testing::Test {
 protected:
  void SetUp() override {
    if (!hyperscan_usable()) GTEST_SKIP() << hyperscan_remark;
  }
  static std::vector<std::uint32_t> scan(const HyperscanDatabase& database, std::string_view text) {
    HyperscanScratch scratch;
    database.prepare(scratch);
    std::vector<std::uint32_t> found;
    EXPECT_TRUE(database.scan(as_bytes(text), scratch, found));
    std::ranges::sort(found);
    return found;
  }
  using Ids = std::vector<std::uint32_t>;
};

TEST_F(Hyperscan, literals_are_bytes_and_reported_once) {
  const std::string zero("a\0b", 3);
  const std::vector<HyperscanLiteral> literals{{7, as_bytes("needle"), false},
                                               {8, as_bytes("needle"), true},
                                               {9, as_bytes(zero), false},
                                               {10, as_bytes(".*"), false}};
  const auto database = HyperscanDatabase::compile(literals);
  ASSERT_TRUE(database);
  EXPECT_EQ(scan(*database, "needle needle"), (Ids{7, 8}));
  EXPECT_EQ(scan(*database, "NEEDLE"), Ids{8});
  EXPECT_EQ(scan(*database, "x" + zero), Ids{9});
  EXPECT_EQ(scan(*database, ""), Ids{});
}

// Long runs of one byte beside short literals: the library's own interface for literals fails on them.
TEST_F(Hyperscan, literals_with_long_runs_are_found) {
  std::vector<std::string> texts{"123", "m", "a" + std::string(50, '\0'), std::string(12, '\0'), "verify"};
  for (const char last : {'D', '\0', 'A'}) texts.push_back("xt>" + std::string(34, last));
  std::vector<HyperscanLiteral> literals;
  for (const auto& text : texts)
    literals.push_back({static_cast<std::uint32_t>(literals.size()), as_bytes(text), true});
  const auto database = HyperscanDatabase::compile(literals);
  ASSERT_TRUE(database);
  std::vector<std::string> subjects{"xt>D", "123 xt>", "verify me"};
  for (const char byte : {'D', 'd', '\0', 'A', 'x'})
    for (std::size_t length = 1; length < 80; ++length)
      for (const char* before : {"", "xt>", "a", "12", "123"}) subjects.push_back(before + std::string(length, byte));
  for (const auto& subject : subjects) {
    Ids expected;
    for (std::uint32_t id = 0; id < texts.size(); ++id)
      if (lower_ascii(subject).find(lower_ascii(texts[id])) != std::string::npos) expected.push_back(id);
    EXPECT_EQ(scan(*database, subject), expected) << subject;
  }
}

TEST_F(Hyperscan, expressions_obey_their_flags) {
  const std::vector<HyperscanExpression> expressions{{.id = 1, .text = "^b"},
                                                     {.id = 2, .text = "^b", .multiline = true},
                                                     {.id = 3, .text = "a.b"},
                                                     {.id = 4, .text = "a.b", .dot_all = true},
                                                     {.id = 5, .text = "x*", .allow_empty = true},
                                                     {.id = 6, .text = "^É$", .utf8 = true, .ignore_case = true}};
  const auto database = HyperscanDatabase::compile(expressions);
  ASSERT_TRUE(database) << database.error().message;
  EXPECT_EQ(scan(*database, "a\nb"), (Ids{2, 4, 5}));
  EXPECT_EQ(scan(*database, ""), Ids{5});
  EXPECT_EQ(scan(*database, "é"), (Ids{5, 6}));
}

TEST_F(Hyperscan, what_is_refused_is_named) {
  const HyperscanExpression good{.id = 1, .text = "abc"};
  const HyperscanExpression bad{.id = 2, .text = "(a)\\1"};
  EXPECT_TRUE(hyperscan_accepts(good));
  EXPECT_FALSE(hyperscan_accepts(bad));
  const auto database = HyperscanDatabase::compile(std::vector{good, bad});
  ASSERT_FALSE(database);
  EXPECT_EQ(database.error().index, 1U);
  EXPECT_FALSE(database.error().message.empty());
}

TEST_F(Hyperscan, one_scratch_serves_many_databases) {
  HyperscanScratch scratch;
  std::vector<HyperscanDatabase> databases;
  for (std::uint32_t i = 0; i < 20; ++i) {
    std::vector<std::string> texts;
    std::vector<HyperscanLiteral> literals;
    for (std::uint32_t n = 0; n <= i * 10; ++n) texts.push_back("word" + std::to_string(n));
    for (std::uint32_t n = 0; n <= i * 10; ++n) literals.push_back({n, as_bytes(texts[n]), false});
    auto database = HyperscanDatabase::compile(literals);
    ASSERT_TRUE(database);
    databases.push_back(std::move(*database));
    databases.back().prepare(scratch);
  }
  for (const auto& database : databases) {
    std::vector<std::uint32_t> found;
    EXPECT_TRUE(database.scan(as_bytes("word0"), scratch, found));
    EXPECT_EQ(found, Ids{0});
  }
}

}  // namespace
}  // namespace tocsin::rules
