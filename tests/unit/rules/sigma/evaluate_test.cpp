#include "rules/sigma/evaluate.h"

#include <gtest/gtest.h>

namespace tocsin::rules::sigma {
namespace {

// Answers of one evaluator over some rules.
struct Asker {
  explicit Asker(std::string rules = {}, SigmaOptions options = {}) {
    const std::vector<RuleSource> sources{{"rules.yml", rules}};
    evaluator = std::make_unique<Evaluator>(sources, options, diagnostics);
  }
  std::string ask(std::string_view question) {
    auto answer = evaluator->answer(question);
    return answer ? *answer : "failed: " + answer.error().message;
  }
  // Parts of the answer to {key, value}.
  std::string tree(const std::string& key, const std::string& value) {
    return ask(R"({"key":")" + key + R"(","value":)" + value + "}");
  }
  bool match(const std::string& event) {
    return ask(R"({"rule":"r","event":)" + event + "}").starts_with(R"({"match":true)");
  }
  Diagnostics diagnostics;
  std::unique_ptr<Evaluator> evaluator;
};

std::string rule(const std::string& detection) {
  return "title: r\nid: r\nlogsource: {category: x}\ndetection:\n" + detection;
}

// Correlation over events of kinds a and b; the correlation body is JSON.
std::string correlate(const std::string& body, const std::string& events, const std::string& more_rules = {}) {
  const std::string rules =
      R"([{"title":"a","name":"a","logsource":{"category":"x"},"detection":{"s":{"k":"a"},"condition":"s"}},
          {"title":"b","name":"b","logsource":{"category":"x"},"detection":{"s":{"k":"b"},"condition":"s"}})";
  return Asker().ask(R"({"correlation":)" + body + R"(,"rules":)" + rules + more_rules + R"(],"events":)" + events +
                     "}");
}

TEST(Values, escapes_and_wildcards) {
  Asker a;
  EXPECT_EQ(a.tree("f", R"("a\\\\*b\\?")"), R"({"values":[{"str":["a\\",{"w":"*"},"b?"]}],"link":"or","neg":false})");
  EXPECT_EQ(
      a.tree("f|contains|all", R"(["x","*y"])"),
      R"({"values":[{"str":[{"w":"*"},"x",{"w":"*"}]},{"str":[{"w":"*"},"y",{"w":"*"}]}],"link":"and","neg":false})");
}

TEST(Values, where_the_tools_differ_the_specification_is_followed) {
  Asker a;
  // utf16 puts the bytes FF FE in front; offsets count bytes; utf16le exists; any Unicode text is encoded.
  EXPECT_EQ(a.tree("f|utf16|base64", R"("ab")"), R"({"values":[{"str":["//5hAGIA"]}],"link":"or","neg":false})");
  EXPECT_EQ(a.tree("f|utf16le|base64", R"("ab")"), R"({"values":[{"str":["YQBiAA=="]}],"link":"or","neg":false})");
  EXPECT_EQ(a.tree("f|wide|base64", R"("é")"), R"({"values":[{"str":["6QA="]}],"link":"or","neg":false})");
  EXPECT_EQ(a.tree("f|base64offset", R"("é")"),
            R"({"values":[{"any":[{"str":["w6"]},{"str":["Op"]},{"str":["Dq"]}]}],"link":"or","neg":false})");
  // Literal wildcards are encoded without their backslash.
  EXPECT_EQ(a.tree("f|base64", R"("a\\*")"), R"({"values":[{"str":["YSo="]}],"link":"or","neg":false})");
  // All five dashes stand for each other.
  EXPECT_EQ(a.tree("f|windash", R"("–x")"), a.tree("f|windash", R"("-x")"));
}

TEST(Values, refusals_name_the_reason) {
  Asker a;
  EXPECT_NE(a.tree("f|nosuch", "1").find("G0208"), std::string::npos);
  EXPECT_NE(a.tree("f|re", R"("a(")").find("G0204"), std::string::npos);
  EXPECT_NE(a.tree("f|cidr", R"("10.0.0.5/8")").find("G0205"), std::string::npos);
  EXPECT_NE(a.ask("{}").find("failed"), std::string::npos);
  EXPECT_NE(a.ask("not json").find("failed"), std::string::npos);
  EXPECT_NE(a.ask(R"({"rule":"x","event":{}})").find("error"), std::string::npos);
}

TEST(Match, null_empty_and_exists) {
  Asker null(rule("  s: {f: null}\n  condition: s\n"));
  EXPECT_TRUE(null.match("{}"));
  EXPECT_TRUE(null.match(R"({"f":null})"));
  EXPECT_FALSE(null.match(R"({"f":""})"));
  Asker empty(rule("  s: {f: ''}\n  condition: s\n"));
  EXPECT_TRUE(empty.match(R"({"f":""})"));
  EXPECT_FALSE(empty.match("{}"));
  Asker exists(rule("  s: {f|exists: true}\n  condition: s\n"));
  EXPECT_TRUE(exists.match(R"({"f":null})"));
  EXPECT_FALSE(exists.match("{}"));
}

TEST(Match, numbers_and_lists) {
  Asker a(rule("  s: {f: 40000, g|gt: 5}\n  condition: s\n"));
  EXPECT_TRUE(a.match(R"({"f":"40000","g":"5.5"})"));
  EXPECT_TRUE(a.match(R"({"f":[1,40000],"g":6})"));
  EXPECT_FALSE(a.match(R"({"f":40000,"g":"many"})"));
  EXPECT_FALSE(a.match(R"({"f":"40000x","g":6})"));
}

TEST(Match, case_beyond_ascii_and_one_code_point) {
  Asker a(rule("  s: {f: 'gr?n É*'}\n  condition: s\n"));
  EXPECT_TRUE(a.match(R"({"f":"GRÜN ét"})"));
  EXPECT_FALSE(a.match(R"({"f":"GRÜÜN ét"})"));
}

TEST(Match, networks_take_mapped_addresses) {
  Asker a(rule("  s: {f|cidr: [10.0.0.0/8, '2001:db8::/32']}\n  condition: s\n"));
  EXPECT_TRUE(a.match(R"({"f":"10.1.2.3"})"));
  EXPECT_TRUE(a.match(R"({"f":"::ffff:10.1.2.3"})"));
  EXPECT_TRUE(a.match(R"({"f":"2001:db8::1"})"));
  EXPECT_FALSE(a.match(R"({"f":"11.1.2.3"})"));
  EXPECT_FALSE(a.match(R"({"f":"text"})"));
}

TEST(Match, parts_of_times_as_written) {
  Asker a(rule("  s: {t|hour|gte: 22, t|week: 1}\n  condition: s\n"));
  EXPECT_TRUE(a.match(R"({"t":"2024-12-30T23:10:00+05:00"})"));
  EXPECT_FALSE(a.match(R"({"t":"2024-12-30T21:10:00+05:00"})"));
  EXPECT_FALSE(a.match(R"({"t":"2024-12-29T23:10:00Z"})"));
}

TEST(Match, placeholders_take_configured_values) {
  SigmaOptions options;
  options.placeholders["admins"] = {"root", "adm_*"};
  Asker a(rule("  s: {f|expand: '%admins%'}\n  condition: s\n"), options);
  EXPECT_TRUE(a.match(R"({"f":"adm_bob"})"));
  EXPECT_FALSE(a.match(R"({"f":"bob"})"));
  Asker none(rule("  s: {f|expand: '%admins%'}\n  condition: s\n"));
  EXPECT_EQ(none.diagnostics.errors(), 1U);
  EXPECT_NE(none.ask(R"({"rule":"r","event":{}})").find("G0211"), std::string::npos);
}

TEST(Filters, are_added_to_the_rules_they_name) {
  Asker a(rule("  s: {f: x}\n  condition: s\n") +
          "---\ntitle: no bob\nid: f\nlogsource: {category: x}\nfilter:\n  rules: [r]\n  sel: {user: bob}\n  "
          "condition: not sel\n");
  EXPECT_EQ(a.diagnostics.all().size(), 0U);
  EXPECT_TRUE(a.match(R"({"f":"x","user":"alice"})"));
  EXPECT_FALSE(a.match(R"({"f":"x","user":"bob"})"));
}

TEST(Filters, end_by_themselves_and_say_so) {
  const auto text =
      rule("  s: {f: x}\n  condition: s\n") +
      "---\ntitle: no bob\nid: f\nowner: alice\nreason: backup\nexpires: 2026-12-01\nlogsource: {category: x}\n"
      "filter:\n  rules: [r]\n  sel: {user: bob}\n  condition: not sel\n";
  SigmaOptions before;
  before.now = parse_time("2026-11-30T23:59:59Z");
  Asker holds(text, before);
  EXPECT_EQ(holds.diagnostics.all().size(), 0U);
  EXPECT_FALSE(holds.match(R"({"f":"x","user":"bob"})"));
  SigmaOptions after;
  after.now = parse_time("2026-12-01T00:00:00Z");
  Asker ended(text, after);
  ASSERT_EQ(ended.diagnostics.all().size(), 1U);
  EXPECT_EQ(ended.diagnostics.all()[0].code, "G0505");
  EXPECT_NE(ended.diagnostics.all()[0].cause.find("no bob (alice): backup"), std::string::npos);
  EXPECT_TRUE(ended.match(R"({"f":"x","user":"bob"})"));
}

TEST(Yaml, hostile_documents_are_refused) {
  std::string bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n";
  for (char c = 'b'; c < 'k'; ++c) {
    const std::string before(1, static_cast<char>(c - 1));
    bomb += std::string(1, c) + ": &" + c + " [";
    for (int i = 0; i < 9; ++i) bomb += "*" + before + ",";
    bomb += "]\n";
  }
  for (const auto& text :
       {bomb, std::string(10000, '['), std::string("a: 1\na: 2\n"), std::string("a: *b"), std::string("\x01\xff")}) {
    Asker a(text);
    EXPECT_EQ(a.diagnostics.errors(), 1U) << text.substr(0, 30);
  }
}

TEST(Correlations, median_and_percentile) {
  const std::string events = R"([{"ts":1,"k":"a","n":1},{"ts":2,"k":"a","n":9},{"ts":3,"k":"a","n":5}])";
  EXPECT_EQ(
      correlate(R"({"type":"value_median","rules":["a"],"timespan":"1m","condition":{"field":"n","eq":5}})", events),
      R"({"firings":[{"key":[],"ts":2,"value":5}]})");
  EXPECT_EQ(
      correlate(
          R"({"type":"value_percentile","rules":["a"],"timespan":"1m","condition":{"field":"n","percentile":100,"gte":9}})",
          events),
      R"({"firings":[{"key":[],"ts":2,"value":9}]})");
}

TEST(Correlations, an_upper_bound_is_judged_when_the_window_closes) {
  const std::string body = R"({"type":"event_count","rules":["a"],"timespan":"10s","condition":{"lt":2}})";
  EXPECT_EQ(correlate(body, R"([{"ts":1,"k":"a"},{"ts":30,"k":"a"},{"ts":31,"k":"a"}])"),
            R"({"firings":[{"key":[],"ts":11,"value":1}]})");
}

TEST(Correlations, silence_of_a_known_group) {
  const std::string body =
      R"({"type":"event_count","rules":["a"],"group-by":["h"],"timespan":"10s","condition":{"eq":0}})";
  EXPECT_EQ(correlate(body, R"([{"ts":1,"k":"a","h":"x"},{"ts":9,"k":"a","h":"x"},{"ts":40,"k":"b"}])"),
            R"({"firings":[{"key":["x"],"ts":19,"value":0}]})");
}

TEST(Correlations, the_window_is_open_at_its_start) {
  const std::string body = R"({"type":"event_count","rules":["a"],"timespan":"10s","condition":{"gte":2}})";
  EXPECT_EQ(correlate(body, R"([{"ts":1,"k":"a"},{"ts":11,"k":"a"}])"), R"({"firings":[]})");
  EXPECT_EQ(correlate(body, R"([{"ts":1,"k":"a"},{"ts":10,"k":"a"}])"),
            R"({"firings":[{"key":[],"ts":10,"value":2}]})");
}

TEST(Correlations, chained_and_boolean) {
  const std::string many =
      R"(,{"title":"many a","name":"many","correlation":{"type":"event_count","rules":["a"],"group-by":["h"],
      "timespan":"10s","condition":{"gte":2}}})";
  const std::string body = R"({"type":"temporal_ordered","rules":["many","b"],"group-by":["h"],"timespan":"20s"})";
  EXPECT_EQ(
      correlate(
          body,
          R"([{"ts":1,"k":"a","h":"x"},{"ts":2,"k":"a","h":"x"},{"ts":3,"k":"b","h":"y"},{"ts":4,"k":"b","h":"x"}])",
          many),
      R"({"firings":[{"key":["x"],"ts":4,"value":2}]})");
  const std::string boolean = R"({"type":"temporal","timespan":"10s","condition":"a and not b"})";
  EXPECT_EQ(correlate(boolean, R"([{"ts":1,"k":"a"},{"ts":5,"k":"b"},{"ts":30,"k":"a"}])"),
            R"({"firings":[{"key":[],"ts":40,"value":1}]})");
}

TEST(Correlations, refusals) {
  const auto refused = [](const std::string& body) { return correlate(body, "[]").find("error") != std::string::npos; };
  EXPECT_TRUE(refused(R"({"type":"nosuch","rules":["a"],"timespan":"1m","condition":{"gte":1}})"));
  EXPECT_TRUE(refused(R"({"type":"event_count","rules":["zz"],"timespan":"1m","condition":{"gte":1}})"));
  EXPECT_TRUE(refused(R"({"type":"event_count","rules":["a"],"timespan":"1x","condition":{"gte":1}})"));
  EXPECT_TRUE(refused(R"({"type":"value_sum","rules":["a"],"timespan":"1m","condition":{"gte":1}})"));
  EXPECT_TRUE(refused(R"({"type":"event_count","rules":["a"],"timespan":"1m"})"));
}

}  // namespace
}  // namespace tocsin::rules::sigma
