#include "collectors/log/json/splitter.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tocsin::collectors {
namespace {

// Documents as they are given, broken ones behind a "!"; the text comes in pieces of `piece` bytes.
std::vector<std::string> split_in(std::string_view text, std::size_t piece) {
  JsonSplitter splitter;
  std::vector<std::string> out;
  RawDocument document;
  const auto keep = [&] {
    EXPECT_EQ(text.substr(document.offset, document.text.size()), document.text);
    out.push_back((document.broken ? "!" : "") + std::string(document.text));
  };
  for (std::size_t at = 0; at < text.size(); at += piece) {
    const auto part = text.substr(at, piece);
    splitter.feed({reinterpret_cast<const std::uint8_t*>(part.data()), part.size()});
    while (splitter.next(document)) keep();
  }
  while (splitter.last(document)) keep();
  return out;
}

void expect_documents(const std::string& text, const std::vector<std::string>& wanted) {
  for (const std::size_t piece : {1UL, 2UL, 3UL, 7UL, 63UL, 64UL, 65UL, text.size()})
    EXPECT_EQ(split_in(text, piece), wanted) << piece;
}

TEST(JsonSplitter, gives_whole_objects_however_they_stand) {
  const std::string far(70, ' ');
  expect_documents("{\"a\":1}\n{\"b\":[{\"c\":{}},\n  {\"d\":2}]" + far + "}{\"e\":\"}{][\"}",
                   {"{\"a\":1}", "{\"b\":[{\"c\":{}},\n  {\"d\":2}]" + far + "}", "{\"e\":\"}{][\"}"});
  expect_documents(R"([{"a":1},{"b":2}])", {R"({"a":1})", R"({"b":2})"});
  expect_documents(R"({"Records":[{"a":1},{"b":2}]}                                            )",
                   {R"({"a":1})", R"({"b":2})"});
}

// Before a quote, before a backslash, and at every place of a stretch of 64 bytes.
TEST(JsonSplitter, knows_what_an_escape_stands_before) {
  for (std::size_t fill = 0; fill < 70; ++fill) {
    const std::string quote = R"({"a":")" + std::string(fill, 'x') + R"(\"}{"})";
    const std::string backslash = R"({"a":")" + std::string(fill, 'x') + R"(\\"})";
    for (const std::size_t piece : {1UL, 5UL, 200UL})
      EXPECT_EQ(split_in(quote + backslash, piece), (std::vector{quote, backslash})) << fill;
  }
}

TEST(JsonSplitter, goes_on_behind_what_is_broken) {
  expect_documents("{\"a\":\"cut\n{\"b\":2}\n", {"!{\"a\":\"cut", "{\"b\":2}"});
  expect_documents("no object\n{\"b\":2}\n", {"!no object", "{\"b\":2}"});
  expect_documents("{\"a\":1,\n{\"b\":2}\n", {"!{\"a\":1,", "{\"b\":2}"});
  expect_documents("{\"a\":1", {"!{\"a\":1"});
}

}  // namespace
}  // namespace tocsin::collectors
