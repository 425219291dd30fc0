#include "collectors/base/text.h"

#include <gtest/gtest.h>

namespace tocsin {
namespace {

TEST(EscapeTerminal, lets_no_control_character_through) {
  EXPECT_EQ(escape_terminal("a\x1b[31mb\n"), "a\\x1b[31mb\\x0a");
  EXPECT_EQ(escape_terminal("\xff"), "\\xff");
  EXPECT_EQ(escape_terminal("\xc2\x9b"), "\\x9b");
  EXPECT_EQ(escape_terminal("\xe2\x80\xae"), "\\u{202e}");
  EXPECT_EQ(escape_terminal("Đảng"), "Đảng");
}

TEST(EscapeCsv, quotes_and_defuses_formulas) {
  EXPECT_EQ(escape_csv("=1+1"), "'=1+1");
  EXPECT_EQ(escape_csv("a,\"b\""), "\"a,\"\"b\"\"\"");
}

TEST(ParseByteSize, knows_units_and_refuses_overflow) {
  EXPECT_EQ(parse_byte_size("64MiB"), 64ULL << 20);
  EXPECT_EQ(parse_byte_size("10 GB"), 10000000000ULL);
  EXPECT_EQ(parse_byte_size("99999999999 TB"), std::nullopt);
  EXPECT_EQ(parse_byte_size("5 parsecs"), std::nullopt);
}

}  // namespace
}  // namespace tocsin
