#include "collectors/base/wildcard.h"

#include <gtest/gtest.h>

#include <random>

namespace tocsin {
namespace {

bool star(std::string_view pattern, std::string_view text) {
  return matches_wildcard(parse_wildcard(pattern, '*', '?'), text);
}

TEST(Wildcard, whole_text) {
  EXPECT_TRUE(star("", ""));
  EXPECT_FALSE(star("", "a"));
  EXPECT_FALSE(star("a", ""));
  EXPECT_TRUE(star("*", ""));
  EXPECT_TRUE(star("web*", "web01"));
  EXPECT_FALSE(star("web", "web01"));
  EXPECT_TRUE(star("*.evil.*", "a.b.evil.example"));
  EXPECT_FALSE(star("*.evil", "a.evil.b"));
  EXPECT_TRUE(star("*ab", "aab"));
  EXPECT_TRUE(star("a*b*c", "a-b-b-c"));
  EXPECT_FALSE(star("a?c", "ac"));
  EXPECT_TRUE(star("??*", "ab"));
  EXPECT_TRUE(matches_wildcard(parse_wildcard("%ab_", '%', '_'), "xxabc"));
  EXPECT_FALSE(matches_wildcard(parse_wildcard("*a", '%', '_'), "xa"));
}

TEST(Wildcard, one_character_is_one_code_point) {
  EXPECT_TRUE(star("?", "é"));
  EXPECT_TRUE(star("Đ?ng", "Đảng"));
  EXPECT_FALSE(star("?", "éé"));
  EXPECT_TRUE(star("??", "\xFF\xC3"));
}

// Against the definition, written as the plain table of which prefix matches which.
bool by_definition(std::string_view pattern, std::string_view text) {
  std::vector<std::vector<bool>> fits(pattern.size() + 1, std::vector<bool>(text.size() + 1));
  fits[0][0] = true;
  for (std::size_t p = 1; p <= pattern.size(); ++p) {
    const char c = pattern[p - 1];
    for (std::size_t t = 0; t <= text.size(); ++t) {
      if (c == '*') fits[p][t] = fits[p - 1][t] || (t > 0 && fits[p][t - 1]);
      else fits[p][t] = t > 0 && fits[p - 1][t - 1] && (c == '?' || c == text[t - 1]);
    }
  }
  return fits[pattern.size()][text.size()];
}

TEST(Wildcard, agrees_with_the_definition) {
  std::mt19937 random(3);
  std::size_t matched = 0;
  for (int i = 0; i < 60'000; ++i) {
    std::string pattern;
    std::string text;
    for (auto n = random() % 9; n-- > 0;) pattern += "ab*?*a"[random() % 6];
    for (auto n = random() % 12; n-- > 0;) text += "ab"[random() % 2];
    const bool expected = by_definition(pattern, text);
    matched += expected ? 1 : 0;
    ASSERT_EQ(star(pattern, text), expected) << pattern << " on " << text;
  }
  EXPECT_GT(matched, 3'000U);
}

TEST(Wildcard, many_runs_over_long_text_end) {
  std::string pattern;
  for (int i = 0; i < 1000; ++i) pattern += "*ab";
  const std::string text(2'000'000, 'a');
  EXPECT_FALSE(star(pattern, text));
  EXPECT_FALSE(star("*" + std::string(2000, 'a') + "b*", text));
  EXPECT_FALSE(star("*" + std::string(2000, 'a') + "b", text));
}

}  // namespace
}  // namespace tocsin
