#include <gtest/gtest.h>

#include "collectors/base/digest.h"
#include "rules/yara/rule_info.h"
#include "rules/yara/rule_set.h"
#include "rules/yara/scanner.h"

namespace tocsin::rules::yara {
namespace {

struct Sink final : AlertSink {
  void raise(Alert alert) override { alerts.push_back(std::move(alert)); }
  std::vector<Alert> alerts;
};

using Sources = std::initializer_list<RuleSource>;

struct Fixture {
  explicit Fixture(Sources list, YaraOptions options = {}) {
    const std::vector<RuleSource> sources(list);
    set = compile_yara(sources, options, diagnostics);
    state = set->make_state();
    detector = set->attach({.names = names, .host = "web01"}, *state);
  }
  const std::vector<Alert>& scan(std::string_view text, std::string_view name = "a.php") {
    sink.alerts.clear();
    FileView file;
    file.path = name;
    file.name = name;
    file.bytes = as_bytes(text);
    detector->inspect(file, sink);
    return sink.alerts;
  }
  FieldNames names;
  Diagnostics diagnostics;
  std::shared_ptr<const RuleSet> set;
  std::unique_ptr<SharedState> state;
  std::unique_ptr<Detector> detector;
  Sink sink;
};

constexpr const char* shell_rule = R"(
rule web_shell : T1505_003 webshell {
  meta:
    description = "PHP that runs what it is sent"
    severity = "high"
    attack = "T1505.003, T1059"
  strings:
    $eval = "eval($_POST"
    $never = "nothing of the kind"
  condition: any of them
})";

TEST(Yara, matches_and_says_why) {
  Fixture f(Sources{{"shell.yar", shell_rule}});
  EXPECT_FALSE(f.diagnostics.has_errors());
  ASSERT_EQ(f.set->rules().size(), 1U);
  EXPECT_EQ(f.set->rules()[0]->severity, 70);
  EXPECT_EQ(f.set->rules()[0]->line, 2U);
  EXPECT_EQ(f.set->rules()[0]->attack, (std::vector<std::string>{"T1505.003", "T1059"}));
  const auto& alerts = f.scan("<?php eval($_POST['x']); ?>", "/srv/www/a.php");
  ASSERT_EQ(alerts.size(), 1U);
  ASSERT_EQ(alerts[0].why.size(), 1U);
  EXPECT_EQ(alerts[0].why[0].condition, "$eval");
  EXPECT_EQ(alerts[0].why[0].offset, 6);
  EXPECT_EQ(alerts[0].why[0].length, 11U);
  EXPECT_EQ(alerts[0].why[0].value, "eval($_POST");
  EXPECT_EQ(alerts[0].host, "web01");
  EXPECT_TRUE(f.scan("<?php echo 'eval'; ?>").empty());
}

TEST(Yara, same_file_gives_the_same_alert) {
  Fixture f(Sources{{"shell.yar", shell_rule}});
  const auto first = f.scan("eval($_POST", "x").at(0).id;
  EXPECT_EQ(f.scan("eval($_POST", "x").at(0).id, first);
  EXPECT_NE(f.scan("eval($_POST ", "x").at(0).id, first);
}

TEST(Yara, a_bad_file_is_refused_and_the_rest_loads) {
  Fixture f(Sources{{"bad.yar", "rule broken {\n condition: nosuch\n}"},
                    {"good.yar", "rule good { condition: true }"},
                    {"same_name.yar", "rule good { condition: true }"},
                    {"include.yar", "include \"/etc/passwd\"\nrule x { condition: true }"}});
  EXPECT_EQ(f.set->rules().size(), 2U);
  ASSERT_TRUE(f.diagnostics.has_errors());
  const auto& first = f.diagnostics.all()[0];
  EXPECT_EQ(first.file, "bad.yar");
  EXPECT_EQ(first.line, 2U);
  EXPECT_EQ(first.item, "broken");
  EXPECT_FALSE(first.cause.empty());
  bool include_refused = false;
  for (const auto& d : f.diagnostics.all()) include_refused |= d.file == "include.yar";
  EXPECT_TRUE(include_refused);
  EXPECT_EQ(f.scan("anything").size(), 2U);
}

TEST(Yara, external_variables_are_set_for_each_scan) {
  Fixture f(Sources{{"e.yar", R"(
rule by_name { condition: filename == "a.PHP" and extension == ".php" and filepath contains "a" }
rule by_type { condition: filetype == "ELF" })"}});
  EXPECT_EQ(f.scan("x", "a.PHP").size(), 1U);
  EXPECT_TRUE(f.scan("x", "b.php").empty());
  EXPECT_EQ(f.scan("\x7f"
                   "ELF....",
                   "b")
                .size(),
            1U);
}

TEST(Yara, private_rules_serve_others_and_stay_silent) {
  Fixture f(
      {{"p.yar", "private rule helper { strings: $a = \"abc\" condition: $a }\nrule shown { condition: helper }"}});
  EXPECT_EQ(f.set->rules().size(), 1U);
  const auto& alerts = f.scan("xxabcxx");
  ASSERT_EQ(alerts.size(), 1U);
  EXPECT_EQ(alerts[0].why.at(0).condition, "condition");
}

TEST(Yara, modules_of_the_library_are_there) {
  Fixture f(Sources{{"m.yar", R"(
import "pe"
import "elf"
import "math"
import "hash"
rule digest { condition: hash.md5(0, filesize) == "900150983cd24fb0d6963f7d28e17f72" }
rule flat { condition: math.entropy(0, filesize) < 1.0 and not pe.is_pe and elf.type != elf.ET_EXEC })"}});
  EXPECT_FALSE(f.diagnostics.has_errors());
  EXPECT_EQ(f.scan("abc").size(), 1U);
}

TEST(Yara, reasons_are_capped) {
  Fixture f(Sources{{"c.yar", "rule many { strings: $a = \"ab\" condition: #a > 100 }"}});
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "ab";
  const auto& alerts = f.scan(text);
  ASSERT_EQ(alerts.size(), 1U);
  EXPECT_EQ(alerts[0].why.size(), 3U);
}

TEST(Yara, an_empty_set_scans_nothing) {
  Fixture f(Sources{});
  EXPECT_TRUE(f.set->rules().empty());
  EXPECT_TRUE(f.scan("x").empty());
}

TEST(RuleInfo, finds_technique_ids_in_text) {
  EXPECT_EQ(attack_ids("see T1110.001 and https://attack.mitre.org/techniques/t1059/, XT1234, TA0001, T12345"),
            (std::vector<std::string>{"T1110.001", "T1059", "TA0001"}));
}

TEST(RuleInfo, severity_from_word_or_number) {
  EXPECT_EQ(parse_severity("75"), 75);
  EXPECT_EQ(parse_severity("1000"), 100);
  EXPECT_EQ(parse_severity("Critical"), 90);
  EXPECT_EQ(parse_severity("often"), std::nullopt);
}

struct Stream {
  explicit Stream(Fixture& fixture) : f(fixture), observer(fixture.detector->observer(fixture.sink)) {
    observer->attached(0);
    flow.id = 7;
    flow.client.address = parse_address("192.0.2.1").value();
    flow.server.address = parse_address("192.0.2.2").value();
  }
  void send(std::string_view text, bool end = false) {
    observer->on_stream({flow, collectors::Direction::to_server, offset, as_bytes(text), 0, end, nullptr});
    offset += text.size();
  }
  Fixture& f;
  collectors::Observer* observer;
  collectors::Flow flow;
  std::uint64_t offset = 0;
};

TEST(YaraTraffic, stream_is_scanned_across_chunks_once_per_rule) {
  Fixture f(Sources{{"shell.yar", shell_rule}});
  Stream stream(f);
  stream.send("POST / eval($_");
  stream.send("POST rest");
  EXPECT_TRUE(f.sink.alerts.empty());
  stream.send("", true);
  ASSERT_EQ(f.sink.alerts.size(), 1U);
  EXPECT_EQ(f.sink.alerts[0].why[0].where, "stream to_server");
  EXPECT_EQ(f.sink.alerts[0].why[0].offset, 7);
  EXPECT_EQ(f.sink.alerts[0].packet->flow_id, 7U);
  stream.observer->on_flow_end(stream.flow, collectors::FlowEnd::closed);
  EXPECT_EQ(f.sink.alerts.size(), 1U);
}

TEST(YaraTraffic, chunking_does_not_change_the_result) {
  std::string text(300000, 'x');
  text.replace(65530, 11, "eval($_POST");
  std::vector<std::size_t> counts;
  for (const std::size_t size : {text.size(), std::size_t{1460}, std::size_t{7}}) {
    Fixture f(Sources{{"shell.yar", shell_rule}});
    Stream stream(f);
    for (std::size_t at = 0; at < text.size(); at += size) stream.send(std::string_view(text).substr(at, size));
    counts.push_back(f.sink.alerts.size());
  }
  EXPECT_EQ(counts, (std::vector<std::size_t>{1, 1, 1}));
}

TEST(YaraTraffic, over_the_cap_the_oldest_is_scanned_not_lost) {
  YaraOptions options;
  options.most_kept = 100;
  Fixture f(Sources{{"shell.yar", shell_rule}}, options);
  Stream stream(f);
  stream.send("eval($_POST " + std::string(200, 'x'));
  EXPECT_EQ(f.sink.alerts.size(), 1U);
}

TEST(YaraTraffic, extracted_file_is_scanned_whole_with_its_name) {
  Fixture f(Sources{{"e.yar", "rule up { strings: $a = \"abcdef\" condition: $a and filename == \"up.php\" }"}});
  Stream stream(f);
  const auto chunk = [&](std::string_view text, std::uint64_t offset, bool end) {
    stream.observer->on_file({stream.flow, nullptr, collectors::Direction::to_server, 3, "up.php", offset,
                              as_bytes(text), 0, end, false, nullptr});
  };
  chunk("..abc", 0, false);
  EXPECT_TRUE(f.sink.alerts.empty());
  chunk("def..", 5, true);
  ASSERT_EQ(f.sink.alerts.size(), 1U);
  EXPECT_EQ(f.sink.alerts[0].why[0].where, "file");
  EXPECT_EQ(f.sink.alerts[0].fields[0].first, "file.hash.sha256");
  EXPECT_EQ(f.sink.alerts[0].fields[0].second, render_digest(sha256(as_bytes("..abcdef.."))));
}

TEST(YaraTraffic, a_flow_may_outlive_the_detector) {
  auto flow = std::make_unique<collectors::Flow>();
  {
    Fixture f(Sources{{"shell.yar", shell_rule}});
    auto* observer = f.detector->observer(f.sink);
    observer->attached(0);
    observer->on_stream({*flow, collectors::Direction::to_client, 0, as_bytes("abc"), 0, false, nullptr});
  }
  flow.reset();
}

}  // namespace
}  // namespace tocsin::rules::yara
