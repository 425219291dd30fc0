#include "rules/sigma/explain.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "collectors/event/field_table.h"
#include "rules/sigma/explain/describe.h"

namespace tocsin::rules::sigma {
namespace {

constexpr const char* rules = R"(
title: A tool where tools do not live
id: 11111111-0000-0000-0000-00000000000a
name: odd_tool
logsource: {product: linux, category: process_creation}
detection:
  selection:
    Image|endswith: ['/nc', '/ncat', '/socat', '/nmap', '/zmap']
    CommandLine|contains: ' -e '
  filter:
    User: backup
  condition: selection and not filter
---
title: Counted
id: 11111111-0000-0000-0000-00000000000b
correlation:
  type: event_count
  rules: [odd_tool]
  group-by: [User]
  timespan: 5m
  condition: {gte: 2}
---
title: Refused
id: 11111111-0000-0000-0000-00000000000c
logsource: {product: linux}
detection: {selection: {a|nosuch: 1}, condition: selection}
)";
constexpr const char* view = R"(
view: processes
logsource: {product: linux, category: process_creation}
events: [{class: process, fields: {kind: [start]}}]
fields: {Image: process.executable, CommandLine: process.command_line, User: user.name}
)";

class Explain : public testing::Test {
 protected:
  Result<Explainer> open(std::string_view rule) {
    const std::vector<RuleSource> sources{{"rules.yml", rules}}, views{{"view.yaml", view}};
    return Explainer::open(sources, views, {}, rule, names, diagnostics);
  }
  Explanation ask(Explainer& explainer, std::string_view image, std::string_view line, std::string_view user,
                  EventClass event_class = EventClass::process) {
    batch.clear();
    EventBuilder builder(batch);
    builder.set(names.intern("kind"), "start");
    builder.set(field::process_executable, image);
    if (!line.empty()) builder.set(field::process_command_line, line);
    builder.set(field::user_name, user);
    return explainer.explain(builder.finish({.id = {1, 1}, .event_class = event_class, .dataset = "test"}, "raw"));
  }
  FieldNames names;
  Diagnostics diagnostics;
  EventBatch batch;
};

TEST_F(Explain, a_match_names_the_leaves_that_made_it) {
  auto explainer = open("odd_tool");
  ASSERT_TRUE(explainer) << explainer.error().text();
  EXPECT_EQ(explainer->rule().title, "A tool where tools do not live");
  const auto out = ask(*explainer, "/tmp/ncat", "ncat -e /bin/sh", "bob");
  EXPECT_TRUE(out.routed && out.match);
  EXPECT_EQ(out.view, "processes");
  ASSERT_EQ(out.leaves.size(), 3U);
  EXPECT_EQ(out.leaves[0].test, "is like '*/ncat'");
  EXPECT_EQ(out.leaves[0].where, "process.executable");
  EXPECT_EQ(out.leaves[0].value, "/tmp/ncat");
  EXPECT_TRUE(out.leaves[2].negated && !out.leaves[2].holds);
}

TEST_F(Explain, a_miss_names_what_kept_it_from_firing) {
  auto explainer = open("11111111-0000-0000-0000-00000000000a");
  ASSERT_TRUE(explainer);
  // One part missing, several alternatives told in one line.
  auto out = ask(*explainer, "/bin/ls", "ls -e x", "bob");
  EXPECT_FALSE(out.match);
  ASSERT_EQ(out.leaves.size(), 1U);
  EXPECT_EQ(out.leaves[0].field, "Image");
  EXPECT_EQ(out.leaves[0].test, "is like '*/nc', is like '*/ncat', is like '*/socat' and 2 more");
  // A field that is not there.
  out = ask(*explainer, "/bin/nc", "", "bob");
  ASSERT_EQ(out.leaves.size(), 1U);
  EXPECT_TRUE(out.leaves[0].where.empty() && out.leaves[0].value.empty());
  // The exception.
  out = ask(*explainer, "/bin/nc", "nc -e sh", "backup");
  ASSERT_EQ(out.leaves.size(), 1U);
  EXPECT_TRUE(out.leaves[0].negated && out.leaves[0].holds);
  EXPECT_EQ(out.leaves[0].selection, "filter");
}

TEST_F(Explain, an_event_of_another_log_source_says_so) {
  auto explainer = open("A tool where tools do not live");
  ASSERT_TRUE(explainer);
  const auto out = ask(*explainer, "/bin/nc", "nc -e sh", "bob", EventClass::file);
  EXPECT_FALSE(out.routed || out.match);
  ASSERT_FALSE(out.leaves.empty());
  EXPECT_EQ(out.leaves[0].selection, "logsource");
  EXPECT_EQ(out.leaves[0].test, "class process, kind start");
  EXPECT_EQ(out.leaves[0].value, "class file, dataset test, kind start");
}

TEST_F(Explain, what_cannot_be_explained_is_an_error) {
  EXPECT_EQ(open("nosuch").error().code, Code::not_found);
  EXPECT_EQ(open("11111111-0000-0000-0000-00000000000b").error().code, Code::invalid);
  EXPECT_EQ(open("11111111-0000-0000-0000-00000000000c").error().code, Code::invalid);
}

TEST_F(Explain, the_start_of_an_id_names_a_rule) {
  EXPECT_TRUE(open("11111111-0000-0000-0000-00000000000a"));
  EXPECT_TRUE(open("odd_tool"));
  EXPECT_FALSE(open("111"));  // too short to mean one
  const auto both = open("11111111");
  ASSERT_FALSE(both);  // the correlation begins so too
  EXPECT_EQ(both.error().code, Code::usage);
  const auto counted = open("11111111-0000-0000-0000-00000000000b");
  ASSERT_FALSE(counted);
  EXPECT_NE(counted.error().message.find("\"Counted\" is a correlation"), std::string::npos);
}

TEST(Describe, says_each_kind_in_words) {
  Predicate p;
  p.kind = Predicate::Kind::exact;
  p.text = "x";
  EXPECT_EQ(describe(p, ""), "is 'x'");
  p.kind = Predicate::Kind::regex;
  p.flags.ignore_case = true;
  EXPECT_EQ(describe(p, ""), "matches /x/i");
  p.kind = Predicate::Kind::compare;
  p.comparison = Comparison::greater_equal;
  p.number.integer = 3;
  EXPECT_EQ(describe(p, ""), ">= 3");
  p.kind = Predicate::Kind::time_part;
  p.time_part = TimePart::hour;
  EXPECT_EQ(describe(p, ""), "has hour >= 3");
  p.kind = Predicate::Kind::field;
  p.ends = true;
  EXPECT_EQ(describe(p, "b"), "begins with the value of b");
  p.kind = Predicate::Kind::present;
  EXPECT_EQ(describe(p, ""), "is present");
}

}  // namespace
}  // namespace tocsin::rules::sigma
