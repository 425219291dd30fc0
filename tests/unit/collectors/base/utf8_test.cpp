#include "collectors/base/utf8.h"

#include <gtest/gtest.h>

namespace tocsin {
namespace {

// RFC 3629 section 4, table of well-formed sequences, by its edges.
TEST(Utf8, well_formed_edges) {
  const auto is = [](std::string_view text, std::size_t length, char32_t value) {
    const auto got = next_code_point(text);
    return got.length == length && got.value == value;
  };
  EXPECT_TRUE(is(std::string_view("\0", 1), 1, 0));
  EXPECT_TRUE(is("\x7F", 1, 0x7F));
  EXPECT_TRUE(is("\xC2\x80", 2, 0x80));
  EXPECT_TRUE(is("\xDF\xBF", 2, 0x7FF));
  EXPECT_TRUE(is("\xE0\xA0\x80", 3, 0x800));
  EXPECT_TRUE(is("\xED\x9F\xBF", 3, 0xD7FF));
  EXPECT_TRUE(is("\xEE\x80\x80", 3, 0xE000));
  EXPECT_TRUE(is("\xEF\xBF\xBFz", 3, 0xFFFF));
  EXPECT_TRUE(is("\xF0\x90\x80\x80", 4, 0x10000));
  EXPECT_TRUE(is("\xF4\x8F\xBF\xBF", 4, 0x10FFFF));
}

TEST(Utf8, ill_formed_edges) {
  for (const std::string_view text : {"\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xC2", "\xC2\x7F", "\xC2\xC0",
                                      "\xE0\x9F\xBF", "\xE1\x80", "\xED\xA0\x80", "\xED\xBF\xBF", "\xF0\x8F\xBF\xBF",
                                      "\xF1\x80\x80", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF"})
    EXPECT_EQ(next_code_point(text).length, 0U) << text.size();
  EXPECT_EQ(step_of("\xFF\xFF"), 1U);
  EXPECT_EQ(step_of("\xC3\xA9"), 2U);
}

TEST(Utf8, append_is_the_inverse) {
  for (char32_t point = 0; point <= 0x10FFFF; point += point < 0x3000 ? 1 : 97) {
    if (point >= 0xD800 && point < 0xE000) continue;
    std::string text;
    append_code_point(text, point);
    const auto got = next_code_point(text);
    ASSERT_EQ(got.length, text.size());
    ASSERT_EQ(got.value, point);
  }
}

}  // namespace
}  // namespace tocsin
