#include "rules/sigma/rule_set.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "collectors/event/field_table.h"

namespace tocsin::rules::sigma {
namespace {

struct Sink final : AlertSink {
  void raise(Alert alert) override { alerts.push_back(std::move(alert)); }
  std::vector<Alert> alerts;
};

// Passes raw alerts to the second stage, as the daemon does.
struct Decider final : AlertSink {
  Decider(SharedState& s, AlertSink& o) : state(s), out(o) {}
  void raise(Alert alert) override { state.decide(std::move(alert), out); }
  SharedState& state;
  AlertSink& out;
};

std::vector<RuleSource> shipped_views() {
  std::vector<RuleSource> out;
  for (const auto& entry : std::filesystem::directory_iterator(std::string(TOCSIN_SOURCE_DIR) + "/rules/sigma/views")) {
    std::ifstream file(entry.path());
    out.push_back({entry.path().filename(), std::string(std::istreambuf_iterator<char>(file), {})});
  }
  return out;
}

struct Fixture {
  explicit Fixture(std::string rules, Matching matching = Matching::automatic,
                   std::shared_ptr<const Tuning> tuning = nullptr) {
    const std::vector<RuleSource> sources{{"rules.yml", std::move(rules)}};
    SigmaOptions options;
    options.matching = matching;
    options.tuning = std::move(tuning);
    set = compile_sigma(sources, shipped_views(), options, diagnostics);
    state = set->make_state();
    detector = set->attach({.names = names, .host = "web01"}, *state);
  }
  void run() {
    Decider decider(*state, sink);
    detector->inspect(batch, decider);
    batch.clear();
  }
  void sshd(int second, std::string_view address, std::string_view outcome) {
    builder.set(field::event_action, "ssh_login");
    builder.set(field::event_outcome, outcome);
    builder.set_typed(field::source_ip, address);
    builder.set(field::user_name, "root");
    EventHeader header;
    header.id = {1, ++serial};
    header.observed = Time{std::chrono::seconds(second)};
    header.event_class = EventClass::authentication;
    header.dataset = "sshd";
    header.host = "web01";
    builder.finish(header, "Failed password for root from somewhere");
  }
  FieldNames names;
  Diagnostics diagnostics;
  std::shared_ptr<const RuleSet> set;
  std::unique_ptr<SharedState> state;
  std::unique_ptr<Detector> detector;
  EventBatch batch;
  EventBuilder builder{batch};
  std::uint64_t serial = 0;
  Sink sink;
};

constexpr const char* guessing = R"(
title: Failed login
id: 11111111-0000-0000-0000-000000000001
name: failed_login
logsource: {product: linux, service: sshd}
detection:
  selection: {event.action: ssh_login, event.outcome: failure}
  condition: selection
level: low
---
title: Guessing
id: 11111111-0000-0000-0000-000000000002
correlation:
  type: event_count
  rules: [failed_login]
  group-by: [source.ip]
  timespan: 10m
  condition: {gte: 3}
level: high
tags: [attack.credential-access, attack.t1110.001]
)";

TEST(SigmaRuleSet, shipped_views_are_valid) {
  Fixture f(guessing);
  for (const auto& d : f.diagnostics.all()) ADD_FAILURE() << render_text(d);
}

TEST(SigmaRuleSet, matches_through_a_view_and_says_why) {
  Fixture f(R"(
title: Shell from web server
id: 11111111-0000-0000-0000-000000000003
logsource: {product: linux, category: process_creation}
detection:
  parent: {ParentImage|endswith: /php-fpm}
  shell: {Image|endswith: [/sh, /bash]}
  filter: {CommandLine|contains: ' -c harmless'}
  condition: parent and shell and not filter
level: critical
tags: [attack.t1505.003]
)");
  const auto process = [&](std::string_view command) {
    f.builder.set(field::process_executable, "/usr/bin/BASH");
    f.builder.set(field::process_parent_executable, "/usr/sbin/php-fpm");
    f.builder.set(field::process_command_line, command);
    EventHeader header;
    header.id = {1, ++f.serial};
    header.event_class = EventClass::process;
    header.dataset = "auditd.process";
    header.host = "web01";
    f.builder.finish(header, "");
  };
  process("bash -c id");
  process("bash -c harmless");
  f.run();
  ASSERT_EQ(f.sink.alerts.size(), 1U);
  const auto& alert = f.sink.alerts[0];
  EXPECT_EQ(alert.severity, 90);
  EXPECT_EQ(alert.rule->attack, std::vector<std::string>{"T1505.003"});
  ASSERT_EQ(alert.why.size(), 2U);
  EXPECT_EQ(alert.why[0].condition, "parent");
  EXPECT_EQ(alert.why[0].where, "process.parent.executable");
  EXPECT_EQ(alert.why[1].value, "/usr/bin/BASH");
  EXPECT_EQ(alert.host, "web01");
  EXPECT_EQ(f.set->costs()[0].matches, 1U);
}

TEST(SigmaRuleSet, correlation_fires_on_the_edge_and_its_rules_stay_silent) {
  Fixture f(guessing);
  for (int i = 0; i < 6; ++i) f.sshd(i, "192.0.2.7", "failure");
  f.sshd(7, "192.0.2.8", "failure");
  f.run();
  ASSERT_EQ(f.sink.alerts.size(), 1U);
  const auto& alert = f.sink.alerts[0];
  EXPECT_EQ(alert.rule->title, "Guessing");
  EXPECT_EQ(alert.severity, 70);
  EXPECT_EQ(alert.events.size(), 3U);
  EXPECT_EQ(alert.events.back(), (EventId{1, 3}));
  EXPECT_EQ(alert.time, Time{std::chrono::seconds(2)});
  EXPECT_EQ(alert.why[0].condition, "event_count = 3, >= 3 within 10m");
  EXPECT_EQ(alert.why[1].value, "192.0.2.7");
  EXPECT_TRUE(std::ranges::any_of(alert.entities, [](const Entity& e) {
    return e.kind == EntityKind::address && e.role == EntityRole::actor && e.value == "192.0.2.7";
  }));
  EXPECT_TRUE(std::ranges::all_of(f.sink.alerts, [](const Alert& a) { return a.carried == nullptr; }));
}

std::shared_ptr<const Tuning> tuned(TuningEntry entry) {
  entry.rules = {"11111111-0000-0000-0000-000000000001"};
  entry.expires = Time{std::chrono::hours{24}};
  return std::make_shared<const Tuning>(std::vector{std::move(entry)}, Time{});
}

TEST(SigmaRuleSet, an_exception_keeps_hits_out_of_correlations) {
  TuningEntry entry;
  entry.networks = {*parse_network("203.0.113.0/28", HostBits::refuse)};
  const auto tuning = tuned(entry);
  Fixture f(guessing, Matching::automatic, tuning);
  for (int i = 0; i < 4; ++i) {
    f.sshd(i, "203.0.113.9", "failure");
    f.sshd(i, "203.0.113.99", "failure");
  }
  f.run();
  ASSERT_EQ(f.sink.alerts.size(), 1U);
  EXPECT_EQ(f.sink.alerts[0].rule->title, "Guessing");
  EXPECT_TRUE(std::ranges::any_of(f.sink.alerts[0].entities, [](const auto& e) { return e.value == "203.0.113.99"; }));
  EXPECT_EQ(tuning->entries()[0]->alerts(), 4U);
}

TEST(SigmaRuleSet, a_disabled_rule_feeds_nothing_and_a_suppressed_one_goes_on_counting) {
  TuningEntry entry;
  entry.act = TuningAct::disable;
  Fixture off(guessing, Matching::automatic, tuned(entry));
  entry.act = TuningAct::suppress;
  Fixture silent(guessing, Matching::automatic, tuned(entry));
  for (auto* f : {&off, &silent}) {
    for (int i = 0; i < 4; ++i) f->sshd(i, "203.0.113.9", "failure");
    f->run();
  }
  EXPECT_TRUE(off.sink.alerts.empty());
  EXPECT_EQ(silent.sink.alerts.size(), 1U);
}

TEST(SigmaRuleSet, says_when_the_first_of_its_filters_ends) {
  const auto filter = [](std::string id, std::string_view end) {
    return "---\ntitle: f" + id + "\nid: " + id + "\nexpires: " + std::string(end) +
           "\nlogsource: {product: linux}\nfilter:\n  rules: [failed_login]\n  sel: {user.name: bob}\n  condition: "
           "not sel\n";
  };
  const std::vector<RuleSource> rules{
      {"r.yml", guessing + filter("a", "2026-12-02") + filter("b", "2026-12-01") + filter("c", "2026-01-01")}};
  SigmaOptions options;
  options.now = parse_time("2026-11-01T00:00:00Z");
  Diagnostics diagnostics;
  EXPECT_EQ(compile_sigma(rules, shipped_views(), options, diagnostics)->next_change(),
            parse_time("2026-12-01T00:00:00Z"));
  options.now = parse_time("2026-12-03T00:00:00Z");
  EXPECT_EQ(compile_sigma(rules, shipped_views(), options, diagnostics)->next_change(), std::nullopt);
}

TEST(SigmaRuleSet, correlation_is_armed_again_after_the_timespan) {
  Fixture f(guessing);
  for (int i = 0; i < 3; ++i) f.sshd(i, "192.0.2.7", "failure");
  for (int i = 0; i < 3; ++i) f.sshd(700 + i, "192.0.2.7", "failure");
  f.run();
  EXPECT_EQ(f.sink.alerts.size(), 2U);
}

TEST(SigmaRuleSet, correlation_state_survives_a_restart) {
  Fixture f(guessing);
  for (int i = 0; i < 2; ++i) f.sshd(i, "192.0.2.7", "failure");
  f.run();
  Fixture g(guessing);
  ASSERT_TRUE(g.state->restore(f.state->save()));
  g.serial = 2;
  g.sshd(3, "192.0.2.7", "failure");
  g.run();
  ASSERT_EQ(g.sink.alerts.size(), 1U);
  EXPECT_EQ(g.sink.alerts[0].events.size(), 3U);
  EXPECT_FALSE(g.state->restore(f.state->save().substr(0, 60)));
}

TEST(SigmaRuleSet, the_same_event_twice_counts_once) {
  Fixture f{guessing};
  for (int i = 0; i < 40; ++i) {
    f.serial = static_cast<std::uint64_t>(i % 2);
    f.sshd(i, "203.0.113.9", "failure");
  }
  f.run();
  EXPECT_TRUE(f.sink.alerts.empty());
}

TEST(SigmaRuleSet, generate_lets_the_rules_speak) {
  std::string text = guessing;
  text.replace(text.find("  timespan"), 0, "  generate: true\n");
  Fixture f(text);
  for (int i = 0; i < 3; ++i) f.sshd(i, "192.0.2.7", "failure");
  f.run();
  EXPECT_EQ(f.sink.alerts.size(), 4U);
}

TEST(SigmaRuleSet, a_rule_without_a_view_gets_a_note) {
  Fixture f(R"(
title: Elsewhere
id: 11111111-0000-0000-0000-000000000009
logsource: {product: nothing_we_know}
detection: {s: {a: b}, condition: s}
)");
  ASSERT_EQ(f.diagnostics.all().size(), 1U);
  EXPECT_EQ(f.diagnostics.all()[0].code, "G0610");
  EXPECT_FALSE(f.diagnostics.has_errors());
  EXPECT_EQ(f.set->rules().size(), 1U);
}

TEST(SigmaRuleSet, keywords_look_at_the_line_and_every_value) {
  Fixture f(R"(
title: Words
id: 11111111-0000-0000-0000-00000000000a
logsource: {product: linux}
detection: {keywords: ['from somewh*', 'nosuch'], condition: keywords}
)");
  f.sshd(1, "192.0.2.7", "failure");
  f.run();
  ASSERT_EQ(f.sink.alerts.size(), 1U);  // served by several views, alerts once
  EXPECT_EQ(f.sink.alerts[0].why[0].where, "event.original");
}

// The ways past a value must not be ways past a keyword.
TEST(SigmaRuleSet, keywords_are_found_wherever_they_stand) {
  constexpr std::string_view rule = R"(
title: {}
id: 11111111-0000-0000-0000-0000000000{}
logsource: {{product: linux}}
detection: {{keywords: ['{}'], condition: keywords}}
---)";
  std::string rules;
  const std::vector<std::string> words{"failed pass*root", "evil", "4711", "k?ln", "-12", "3.5", "true"};
  for (std::size_t i = 0; i < words.size(); ++i) rules += fmt::format(fmt::runtime(rule), words[i], i + 10, words[i]);
  rules.resize(rules.size() - 3);
  const auto titles = [&](std::string_view line, auto set) {
    Fixture f(rules);
    const auto kept = f.builder.keep_line(line);
    const std::string_view text(kept.data(), kept.size());
    set(f.builder, text);
    EventHeader header;
    header.event_class = EventClass::authentication;
    header.dataset = "sshd";
    f.builder.finish(header, text);
    f.run();
    std::string out;
    for (const auto& alert : f.sink.alerts) out += alert.rule->title + " in " + alert.why.at(0).where + ";";
    return out;
  };
  const auto nothing = [](EventBuilder&, std::string_view) {};
  const std::string_view line = "Failed password for root";
  EXPECT_EQ(titles(line, nothing), "failed pass*root in event.original;");
  EXPECT_EQ(titles(line, [](auto& b, auto text) { b.set(field::user_name, text.substr(20)); }),
            "failed pass*root in event.original;");
  EXPECT_EQ(titles(line, [](auto& b, auto text) { b.set(field::message, text); }), "failed pass*root in message;");
  EXPECT_EQ(titles("", [](auto& b, auto) { b.set(field::user_name, "EVIL"); }), "evil in user.name;");
  EXPECT_EQ(titles("x", [](auto& b, auto) { b.set(field::process_pid, std::uint64_t{147112}); }),
            "4711 in process.pid;");
  EXPECT_EQ(titles("4711", [](auto& b, auto) { b.set(field::process_pid, std::uint64_t{4711}); }),
            "4711 in process.pid;");
  EXPECT_EQ(titles("x", [](auto& b, auto) { b.set(field::process_pid, std::int64_t{-12}); }), "-12 in process.pid;");
  EXPECT_EQ(titles("x", [](auto& b, auto) { b.set(field::process_pid, 13.5); }), "3.5 in process.pid;");
  EXPECT_EQ(titles("x", [](auto& b, auto) { b.set(field::process_pid, true); }), "true in process.pid;");
  // Letters beyond ASCII: the Kelvin sign is a k to whom case is nothing; half a letter is none.
  EXPECT_EQ(titles("x", [](auto& b, auto) { b.set(field::user_name, "\xE2\x84\xAA\xC3\xB6ln"); }),
            "k?ln in user.name;");
  EXPECT_EQ(titles("K\xC3\xB6ln", [](auto& b, auto text) { b.set(field::user_name, text); }), "k?ln in user.name;");
  EXPECT_EQ(titles("K\xC3\xB6ln", [](auto& b, auto text) { b.set(field::user_name, text.substr(2)); }),
            "k?ln in event.original;");
}

TEST(SigmaRuleSet, broken_rules_are_refused_alone_with_their_place) {
  Fixture f(std::string(guessing) + R"(
---
title: Bad modifier
id: 11111111-0000-0000-0000-00000000000b
logsource: {product: linux}
detection:
  s:
    a|nosuch: b
  condition: s
---
title: Bad condition
id: 11111111-0000-0000-0000-00000000000c
logsource: {product: linux}
detection: {s: {a: b}, condition: s and t}
---
title: Bad reference
id: 11111111-0000-0000-0000-00000000000d
correlation: {type: event_count, rules: [gone], timespan: 1m, condition: {gte: 2}}
)");
  EXPECT_EQ(f.set->rules().size(), 2U);
  ASSERT_EQ(f.diagnostics.errors(), 3U);
  EXPECT_EQ(f.diagnostics.all()[0].code, "G0208");
  EXPECT_GT(f.diagnostics.all()[0].line, 20U);
  EXPECT_EQ(f.diagnostics.all()[1].code, "G0303");
  EXPECT_EQ(f.diagnostics.all()[2].code, "G0407");
}

TEST(SigmaRuleSet, rules_count_their_checks_and_measure_some) {
  Fixture f(guessing);
  for (int i = 0; i < 1000; ++i) {
    f.sshd(i, "203.0.113.9", i % 2 == 0 ? "failure" : "success");
    if (i % 100 == 99) f.run();
  }
  const auto costs = f.set->costs();
  ASSERT_EQ(costs.size(), 2U);
  EXPECT_EQ(costs[0].matches, 500U);
  EXPECT_GE(costs[0].checks, 500U);
  EXPECT_GT(costs[0].nanoseconds, 0U);
}

}  // namespace
}  // namespace tocsin::rules::sigma
