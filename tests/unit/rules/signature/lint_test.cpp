// What is said of rules that load, and what rules cost while they run.
#include <algorithm>
#include <set>

#include "rules/signature/lint/expression.h"
#include "tests/unit/rules/signature/fixture.h"

namespace tocsin::rules::signature::testing {
namespace {

std::set<std::string> codes(const std::string& rule) {
  Bench bench("alert " + rule);
  EXPECT_EQ(bench.set->rules().size(), 1U) << rule;
  std::set<std::string> out;
  for (const auto& finding : bench.set->lint()) {
    out.insert(finding.code);
    EXPECT_FALSE(finding.problem.empty());
    EXPECT_FALSE(finding.suggestion.empty());
    EXPECT_GT(finding.cost, 0);
    EXPECT_EQ(finding.rule->id, "1:1");
  }
  return out;
}

using Codes = std::set<std::string>;

TEST(Lint, SaysWhatIsSlowOrCareless) {
  const std::string tcp = "tcp any any -> any any (flow:established,to_server; ";
  EXPECT_EQ(codes(tcp + "content:\"rare-words-here\"; sid:1;)"), Codes{});
  EXPECT_EQ(codes(tcp + "content:\"ab\"; sid:1;)"), Codes{"L01"});
  EXPECT_EQ(codes("tcp any any -> any 80 (flags:SF; sid:1;)"), Codes{"L01"});
  EXPECT_EQ(codes("http any any -> any any (http.uri; content:\"/q\"; sid:1;)"), Codes{"L02"});
  EXPECT_EQ(codes(tcp + "content:\"HTTP/1.1\"; sid:1;)"), Codes{"L03"});
  EXPECT_EQ(codes(tcp + "content:\"|00 00 00 00 00|\"; sid:1;)"), Codes{"L03"});
  EXPECT_EQ(codes(tcp + "pcre:\"/^evil/\"; sid:1;)"), (Codes{"L01", "L04"}));
  EXPECT_EQ(codes(tcp + "content:\"rare-words\"; pcre:\"/(a+)+$/\"; sid:1;)"), Codes{"L05"});
  EXPECT_EQ(codes(tcp + "content:\"rare-words\"; pcre:\"/.*evil/\"; sid:1;)"), Codes{"L06"});
  EXPECT_EQ(codes(tcp + "content:\"rare-words\"; pcre:\"/^.*evil/\"; sid:1;)"), Codes{});
  EXPECT_EQ(codes("udp any any <> any any (content:\"rare-words\"; sid:1;)"), Codes{"L07"});
  EXPECT_EQ(codes("http any any -> any any (content:\"/rare-words\"; http_uri; sid:1;)"), Codes{"L08"});
  EXPECT_EQ(codes(tcp + "content:!\"rare-words\"; sid:1;)"), Codes{"L09"});
  EXPECT_EQ(codes("tcp any any -> any any (content:\"rare-words\"; sid:1;)"), Codes{"L10"});
  EXPECT_EQ(codes("ip 192.0.2.1 any -> any any (sid:1;)"), Codes{});
}

TEST(Lint, NamesTheBetterContent) {
  Bench bench(
      "alert http any any -> any any (http.uri; content:\"ab\"; fast_pattern; content:\"/rather/long\"; sid:1;)");
  const auto findings = bench.set->lint();
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_NE(findings[0].suggestion.find("12 bytes"), std::string::npos) << findings[0].suggestion;
}

TEST(Lint, RareIsCheaperThanCommonIsCheaperThanNone) {
  const auto cost = [](const std::string& options) {
    Bench bench("alert tcp any any -> any any (" + options + " content:\"zz\"; pcre:\"/x.*y.*z.*/\"; sid:1;)");
    return bench.set->lint().at(0).cost;
  };
  const double rare = cost("content:\"unlikely-words\";");
  const double common = cost("content:\"Mozilla/5.0\";");
  const double none = cost("");
  EXPECT_LT(rare * 10, common);
  EXPECT_LE(common, none * 1.5);
  EXPECT_LT(rare, 1);
}

TEST(Lint, LooksAtExpressions) {
  const auto nested = [](std::string_view text) { return look_at_expression(text).nested; };
  EXPECT_TRUE(nested("(a+)+"));
  EXPECT_TRUE(nested("(?:x[^y]*z)*"));
  EXPECT_TRUE(nested("((a{2,})b)+"));
  EXPECT_FALSE(nested("(a+)"));
  EXPECT_FALSE(nested("(a++)+b"));
  EXPECT_FALSE(nested("(a{1,9})+"));
  EXPECT_FALSE(nested("[(a+]+(b)*"));
  EXPECT_FALSE(nested("\\(a+\\)+"));
  EXPECT_TRUE(look_at_expression("(?i)^a").anchored);
  EXPECT_FALSE(look_at_expression("a^").anchored);
  EXPECT_EQ(look_at_expression("a.*b.+c").wildcards, 2);
  for (const char* broken : {"(((", ")))", "[", "\\", "a{", "(?i", "a{,}", ""}) (void)look_at_expression(broken);
  (void)look_at_expression(std::string(1'000, '(') + std::string(1'000, ')') + "+");
}

TEST(Costs, AreCountedWhileRulesRun) {
  Bench bench(
      "alert udp any any -> any any (content:\"evil\"; sid:1;)\n"
      "alert udp any any -> any any (content:\"evil\"; content:\"never\"; sid:2;)\n"
      "alert udp any any -> any any (content:\"elsewhere\"; sid:3;)\n");
  for (int i = 0; i < 1'000; ++i) {
    auto flow = Bench::flow(Protocol::unknown, 17);
    bench.packet(&flow, "evil", Direction::to_server, 17);
  }
  const auto costs = bench.set->costs();
  ASSERT_EQ(costs.size(), 3U);
  for (const auto& cost : costs) {
    const bool first = cost.rule->id == "1:1";
    if (cost.rule->id == "1:3") {
      EXPECT_EQ(cost.checks, 0U);
      continue;
    }
    EXPECT_EQ(cost.matches, first ? 1'000U : 0U) << cost.rule->id;
    EXPECT_EQ(cost.checks, first ? 1'000U : cost.checks);
    // Drawn, not every 64th: both rules are measured although they take turns.
    EXPECT_TRUE(cost.checks == 0 || cost.nanoseconds > 0) << cost.rule->id;
  }
}

}  // namespace
}  // namespace tocsin::rules::signature::testing
