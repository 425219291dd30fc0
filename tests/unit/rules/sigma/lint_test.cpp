#include "rules/sigma/lint/lint.h"

#include <gtest/gtest.h>

#include "rules/sigma/rule_set.h"

namespace tocsin::rules::sigma {
namespace {

constexpr std::string_view view =
    "view: v\nlogsource: {product: [linux, windows], category: process_creation}\nevents:\n  - {class: process}\n"
    "fields:\n  CommandLine: process.command_line\n  Image: process.executable\n";

// Codes of what is said of a rule with this detection.
std::string said(const std::string& detection, const std::string& product = "linux") {
  const std::string rule = "title: t\nid: 7b0a2f1c-0000-4000-8000-000000000001\nlogsource: {product: " + product +
                           ", category: process_creation}\ndetection:\n" + detection;
  const std::vector<RuleSource> rules{{"r.yml", rule}};
  const std::vector<RuleSource> views{{"v.yaml", std::string(view)}};
  Diagnostics diagnostics;
  const auto set = compile_sigma(rules, views, {}, diagnostics);
  std::string out = diagnostics.errors() == 0 ? "" : "refused ";
  for (const auto& found : set->lint()) {
    EXPECT_EQ(found.rule->title, "t");
    EXPECT_FALSE(found.suggestion.empty());
    out += found.code + " ";
  }
  return out;
}

TEST(SigmaLint, a_good_rule_is_left_in_peace) {
  EXPECT_EQ(said("  sel: {Image|endswith: /nc, CommandLine|contains: ' -e '}\n  filter: {CommandLine|contains: safe}\n"
                 "  condition: sel and not filter\n"),
            "");
}

TEST(SigmaLint, a_condition_that_can_never_hold) {
  EXPECT_EQ(said("  a: {Image: /bin/nc}\n  condition: a and not a\n"), "L21 ");
  EXPECT_EQ(said("  a: {Image: /bin/nc}\n  b: {Image: /bin/cat}\n  condition: a and b\n"), "L21 ");
  EXPECT_EQ(said("  a: {Image: /bin/nc}\n  b: {Image: /bin/cat}\n  condition: a or b\n"), "");
  EXPECT_EQ(said("  a: {Image: /bin/nc, CommandLine: xyz}\n  b: {Image: /bin/nc}\n  condition: a and not b\n"), "L21 ");
  EXPECT_EQ(said("  a: {Image: /bin/nc}\n  b: {Image: /bin/nc, CommandLine: xyz}\n  condition: a and not b\n"), "");
}

TEST(SigmaLint, a_search_that_nothing_uses) {
  EXPECT_EQ(said("  a: {Image: /bin/nc}\n  left: {Image: /bin/cat}\n  condition: a\n"), "L22 ");
}

TEST(SigmaLint, wildcards_that_change_nothing) {
  EXPECT_EQ(said("  a: {Image|contains: '*nmap*'}\n  condition: a\n"), "L23 ");
  EXPECT_EQ(said("  a: {Image|endswith: '*nmap'}\n  condition: a\n"), "L23 ");
  EXPECT_EQ(said("  a: {CommandLine|re: '.*nmap -sS'}\n  condition: a\n"), "L23 ");
  EXPECT_EQ(said("  a: {Image|contains: 'nm*ap'}\n  condition: a\n"), "");
}

TEST(SigmaLint, too_broad) {
  EXPECT_EQ(said("  a: {CommandLine|contains: a}\n  condition: a\n"), "L24 ");
  EXPECT_EQ(said("  a: {Image: /bin/nc}\n  condition: not a\n"), "L24 ");
  EXPECT_EQ(said("  a: {CommandLine: '*'}\n  condition: a\n"), "L24 ");
}

TEST(SigmaLint, a_field_that_is_nearly_one) {
  EXPECT_EQ(said("  a: {Commandline|contains: nmap}\n  condition: a\n"), "L25 ");
  EXPECT_EQ(said("  a: {CommandLin|contains: nmap}\n  condition: a\n"), "L25 ");
  EXPECT_EQ(said("  a: {OtherThing|contains: nmap}\n  condition: a\n"), "");
}

TEST(SigmaLint, all_and_repeats) {
  EXPECT_EQ(said("  a: {CommandLine|contains|all: [nmap]}\n  condition: a\n"), "L26 ");
  EXPECT_EQ(said("  a: {CommandLine|contains: [nmap, NMAP]}\n  condition: a\n"), "L26 ");
}

TEST(SigmaLint, values_that_differ_by_case_are_two_where_case_counts) {
  EXPECT_EQ(said("  a: {CommandLine|base64offset|contains: [iex (, IEX (]}\n  condition: a\n"), "");
}

TEST(SigmaLint, many_rare_values_are_not_broad) {
  std::string values;
  for (int i = 0; i < 40; ++i) values += (i == 0 ? "" : ", ") + std::string("tool") + std::to_string(100 + i);
  EXPECT_EQ(said("  a: {CommandLine|contains: [" + values + "]}\n  condition: a\n"), "");
}

TEST(SigmaLint, case_on_windows) {
  EXPECT_EQ(said("  a: {CommandLine|re: 'mimi[a-z]+'}\n  condition: a\n", "windows"), "L27 ");
  EXPECT_EQ(said("  a: {CommandLine|re|i: 'mimi[a-z]+'}\n  condition: a\n", "windows"), "");
  EXPECT_EQ(said("  a: {CommandLine|re: 'mimi[a-z]+'}\n  condition: a\n"), "");
}

}  // namespace
}  // namespace tocsin::rules::sigma
