#include <gtest/gtest.h>

#include "rules/signature/parse/rule_parser.h"
#include "rules/signature/parse/value.h"

namespace tocsin::rules::signature {
namespace {

TEST(RuleParser, KeepsOptionsAndPlaces) {
  Diagnostics diagnostics;
  const auto rules = parse_rules("a.rules",
                                 "# comment\n\nalert tcp any any -> [10.0.0.0/8, !10.1.0.0/16] 80 \\\n"
                                 "  (msg:\"a \\; b\"; content:\"x|3b|\"; sid:1;)\n#alert tcp (sid:2;)\n",
                                 Syntax::suricata, diagnostics);
  ASSERT_EQ(rules.size(), 1U);
  EXPECT_TRUE(diagnostics.all().empty());
  const auto& rule = rules[0];
  EXPECT_EQ(rule.place.line, 3U);
  EXPECT_EQ(rule.destination_addresses.text, "[10.0.0.0/8,!10.1.0.0/16]");
  ASSERT_EQ(rule.options.size(), 3U);
  EXPECT_EQ(rule.options[0].value, "\"a \\; b\"");
  EXPECT_EQ(rule.options[1].place.line, 4U);
  EXPECT_EQ(rule.options[1].place.column, 18U);
}

TEST(RuleParser, ReportsEachBadRuleAndGoesOn) {
  Diagnostics diagnostics;
  const auto rules = parse_rules("a.rules",
                                 "alert tcp any any -> any any (sid:1;\n"
                                 "alert tcp any any >> any any (sid:2;)\n"
                                 "alert tcp any any -> any\n"
                                 "alert tcp any any -> any any (content:\"a\" sid:3)\n"
                                 "alert tcp any any <> any any (sid:4;)\r\n",
                                 Syntax::suricata, diagnostics);
  ASSERT_EQ(rules.size(), 1U);
  EXPECT_EQ(rules[0].direction, RuleDirection::both);
  EXPECT_EQ(diagnostics.errors(), 4U);
  EXPECT_EQ(diagnostics.all()[1].code, "S0102");
  EXPECT_EQ(diagnostics.all()[1].line, 2U);
}

TEST(Content, DecodesHexAndEscapes) {
  const auto bytes = parse_content("a|41 4b|\\;\\\"|00|");
  ASSERT_TRUE(bytes);
  EXPECT_EQ(*bytes, (std::vector<std::uint8_t>{'a', 0x41, 0x4B, ';', '"', 0}));
  EXPECT_FALSE(parse_content("|4|"));
  EXPECT_FALSE(parse_content("|41"));
  EXPECT_FALSE(parse_content("|4x|"));
  EXPECT_FALSE(parse_content("a\\"));
}

TEST(Ranges, FollowSuricata) {
  EXPECT_TRUE(parse_range("5<>7")->holds(6));
  EXPECT_FALSE(parse_range("5<>7")->holds(5));
  EXPECT_TRUE(parse_range("5-7", RangeEnds::inclusive)->holds(7));
  EXPECT_TRUE(parse_range("!5")->holds(6));
  EXPECT_TRUE(parse_range(">=5")->holds(5));
  EXPECT_FALSE(parse_range("7<>5"));
  EXPECT_FALSE(parse_range("x"));
}

}  // namespace
}  // namespace tocsin::rules::signature
