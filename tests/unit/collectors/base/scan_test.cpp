#include "collectors/base/scan.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace tocsin {
namespace {

std::size_t quote_or_end(std::string_view text) {
  return static_cast<std::size_t>(find_byte<'"', '\\'>(text.data(), text.data() + text.size()) - text.data());
}
std::size_t dashes_or_end(std::string_view text) {
  return static_cast<std::size_t>(find_twice<'-'>(text.data(), text.data() + text.size()) - text.data());
}

// Every place of a text, in blocks and behind them.
TEST(Scan, FindsTheFirstOfTheWantedBytes) {
  for (std::size_t size = 0; size < 70; ++size)
    for (std::size_t at = 0; at < size; ++at) {
      std::string text(size, 'x');
      ASSERT_EQ(quote_or_end(text), size);
      text[at] = '\\';
      ASSERT_EQ(quote_or_end(text), at);
      text.back() = '"';
      ASSERT_EQ(quote_or_end(text), at) << size;
    }
}

TEST(Scan, FindsAByteThatStandsTwice) {
  for (std::size_t size = 2; size < 70; ++size)
    for (std::size_t at = 0; at + 1 < size; ++at) {
      std::string text(size, 'x');
      text[at] = '-';
      ASSERT_EQ(dashes_or_end(text), size);
      text[at + 1] = '-';
      ASSERT_EQ(dashes_or_end(text), at) << size;
    }
  EXPECT_EQ(dashes_or_end("-"), 1U);
  EXPECT_EQ(dashes_or_end(""), 0U);
}

}  // namespace
}  // namespace tocsin
