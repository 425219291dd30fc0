#include "responders/playbook/json/document.h"

#include <gtest/gtest.h>

namespace tocsin::responders {
namespace {

TEST(JsonDocument, keeps_places_and_order) {
  const JsonDocument document = read_json("{\n  \"b\": [1, -2.5e3, true],\n  \"a\": \"\\u0110\\uD83D\\uDE00\"\n}");
  ASSERT_TRUE(document.problems.empty());
  ASSERT_EQ(document.root.members.size(), 2U);
  EXPECT_EQ(document.root.members[0].name, "b");
  EXPECT_EQ(document.root.find("b")->items[1].kind, JsonNode::Kind::real);
  EXPECT_EQ(document.root.find("a")->text, "Đ😀");
  const Place place = document.place(document.root.members[1].offset);
  EXPECT_EQ(place.line, 3U);
  EXPECT_EQ(place.column, 3U);
}

TEST(JsonDocument, finds_duplicate_keys_and_goes_on) {
  const JsonDocument document = read_json(R"({"a":1,"b":2,"a":3})");
  ASSERT_EQ(document.problems.size(), 1U);
  EXPECT_EQ(document.problems[0].kind, JsonProblem::Kind::duplicate);
  EXPECT_EQ(document.problems[0].offset, 13U);
  EXPECT_TRUE(document.usable());
}

TEST(JsonDocument, refuses_what_is_not_json) {
  for (const char* text : {"", "{", "[1,]", "{\"a\":}", "01", "\"\t\"", "\"\\x\"", "nul", "{} {}", "'a'", "\"\\ud800\"",
                           "1.", "1e", "[1 2]", "{a:1}"}) {
    EXPECT_FALSE(read_json(text).usable()) << text;
  }
  EXPECT_EQ(read_json("\"\xff\"").problems.at(0).kind, JsonProblem::Kind::encoding);
}

TEST(JsonDocument, depth_and_size_are_capped) {
  EXPECT_TRUE(read_json(std::string(60, '[') + std::string(60, ']')).usable());
  EXPECT_EQ(read_json(std::string(100'000, '[')).problems.at(0).kind, JsonProblem::Kind::too_deep);
  EXPECT_EQ(read_json(std::string(json_bytes_most + 1, ' ')).problems.at(0).kind, JsonProblem::Kind::too_large);
}

}  // namespace
}  // namespace tocsin::responders
