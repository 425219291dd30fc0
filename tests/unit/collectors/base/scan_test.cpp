#include "collectors/base/scan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>

namespace tocsin {
namespace {

std::size_t quote_or_end(std::string_view text) {
  return static_cast<std::size_t>(find_byte<'"', '\\'>(text.data(), text.data() + text.size()) - text.data());
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

TEST(Scan, AStretchTellsEveryPlace) {
  const auto dashes = [](std::string_view text) {
    return scan::Stretch(text.data(), text.data() + text.size()).marks([](auto block) { return block == '-'; });
  };
  EXPECT_EQ(dashes(""), 0U);
  for (std::size_t size = 1; size < 70; ++size)
    for (std::size_t at = 0; at < std::min(size, scan::Stretch::size); ++at) {
      std::string text(size, 'x');
      text[at] = text[0] = '-';
      ASSERT_EQ(dashes(text), std::uint64_t{1} | std::uint64_t{1} << at) << size;
    }
}

TEST(Scan, ShortTextsAreTheSameOrNot) {
  for (std::size_t size = 0; size < 40; ++size) {
    const std::string text(size, 'x');
    ASSERT_TRUE(same_bytes(text.data(), std::string(size, 'x').data(), size));
    for (std::size_t at = 0; at < size; ++at) {
      std::string other = text;
      other[at] = 'y';
      ASSERT_FALSE(same_bytes(text.data(), other.data(), size)) << size << " " << at;
    }
  }
}

TEST(Scan, FindsALiteralAsSearchingEveryPlaceDoes) {
  for (std::size_t size = 0; size < 60; ++size)
    for (const std::string_view literal : {"a", "ab", " from ", "aab", "a literal of more bytes"})
      for (std::size_t at = 0; at <= size; ++at) {
        std::string text(size, 'a');
        text.replace(at, std::min(literal.size(), size - at), literal.substr(0, size - at));
        const auto* const end = text.data() + text.size();
        const auto wanted = std::min(text.find(literal), text.size());
        ASSERT_EQ(find_literal(text.data(), end, literal) - text.data(), static_cast<std::ptrdiff_t>(wanted)) << text;
      }
}

}  // namespace
}  // namespace tocsin
