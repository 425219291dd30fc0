#include "rules/sigma/coverage.h"

#include <gtest/gtest.h>

#include "collectors/event/field_table.h"

namespace tocsin::rules::sigma {
namespace {

constexpr const char* view = R"(
view: processes
logsource: {product: linux, category: process_creation}
events: [{class: process}]
fields: {Image: process.executable, CommandLine: process.command_line}
prefixes: [own.]
---
view: files
logsource: {product: linux, category: file_event}
events: [{class: file, dataset: fim}]
)";

std::string rule(const std::string& id, const std::string& detection,
                 const std::string& category = "process_creation") {
  return "title: t\nid: " + id + "\nlogsource: {product: linux, category: " + category + "}\ndetection:\n" + detection +
         "\n---\n";
}

TEST(Coverage, tells_what_a_condition_cannot_do_without) {
  const std::string text = rule("mapped", "  s: {Image: a}\n  condition: s") +
                           rule("missing", "  s: {Image: a, CommandLine: b}\n  condition: s") +
                           rule("either", "  s: {CommandLine: b}\n  t: {Image: a}\n  condition: s or t") +
                           rule("least", "  s: {x: 1, y: 2}\n  t: {z: 1}\n  condition: 1 of *") +
                           rule("absent", "  s: {x: null}\n  condition: s") +
                           rule("negated", "  s: {Image: a}\n  f: {x: 1}\n  condition: s and not f") +
                           rule("prefix", "  s: {Name: a}\n  condition: s") +
                           rule("keyword", "  s: [word]\n  condition: s") +
                           rule("silent", "  s: {a: 1}\n  condition: s", "file_event") +
                           rule("nowhere", "  s: {a: 1}\n  condition: s", "nosuch");
  const std::vector<RuleSource> rules{{"r.yml", text}}, views{{"v.yaml", view}};
  FieldNames names;
  Diagnostics diagnostics;
  CoverageSurvey survey(rules, views, {}, names, diagnostics);
  EventBatch batch;
  EventBuilder builder(batch);
  builder.set(field::process_executable, "/bin/a");
  builder.set(names.intern("own.Name"), "n");
  survey.see(builder.finish({.id = {1, 1}, .event_class = EventClass::process}, "raw"));

  std::map<std::string, std::string> out;
  for (const auto& entry : survey.report()) {
    auto& said = out[entry.rule->id] = coverage_name(entry.coverage);
    for (const auto& missing : entry.missing) said += "; " + missing;
  }
  EXPECT_EQ(out["mapped"], "can fire");
  EXPECT_EQ(out["missing"], "field missing; CommandLine");
  EXPECT_EQ(out["either"], "can fire");
  EXPECT_EQ(out["least"], "field missing; z");
  EXPECT_EQ(out["absent"], "can fire");
  EXPECT_EQ(out["negated"], "can fire");
  EXPECT_EQ(out["prefix"], "can fire");
  EXPECT_EQ(out["keyword"], "can fire");
  EXPECT_EQ(out["silent"], "source missing; class file, dataset fim");
  EXPECT_EQ(out["nowhere"], "no view");
}

}  // namespace
}  // namespace tocsin::rules::sigma
