// tuning.yaml: what is read, what is refused, how it is changed, and what is taken over from suricata-update.
#include <gtest/gtest.h>

#include "daemon/tuning/edit.h"
#include "daemon/tuning/file.h"
#include "daemon/tuning/import.h"

namespace tocsin::daemon {
namespace {

using rules::Tuning;
using rules::TuningAct;
using rules::TuningEntry;

const Time now = *parse_time("2026-11-23T12:00:00Z");  // a Monday

constexpr const char* good = R"(# kept
tuning:
  - id: first
    do: suppress
    rule: ["1:10", 11]
    network: ["10.9.0.0/16", "!10.9.1.7"]
    side: source
    hours: "22:00-06:00"
    days: [mon-fri]
    owner: alice
    reason: "scanner"   # of the audit
    expires: 2026-12-23
  # the next one
  - do: disable
    rule: "file:emerging-*.rules"
    owner: bob
    reason: not ours
    expires: 2026-11-25T00:00:00Z
)";

std::vector<TuningEntry> parse(std::string_view text, Diagnostics& diagnostics) {
  return parse_tuning("tuning.yaml", text, now, diagnostics);
}

std::vector<TuningEntry> parse(std::string_view text) {
  Diagnostics diagnostics;
  auto out = parse(text, diagnostics);
  EXPECT_FALSE(diagnostics.has_errors()) << (diagnostics.all().empty() ? "" : diagnostics.all()[0].cause);
  return out;
}

rules::Alert alert(const std::string& source, const std::string& destination, Time time, const char* id = "1:10") {
  rules::Alert out;
  auto info = std::make_shared<rules::RuleInfo>();
  info->id = id;
  out.rule = info;
  out.time = time;
  out.host = "web01";
  out.packet.emplace();
  out.packet->source = *parse_address(source);
  out.packet->destination = *parse_address(destination);
  return out;
}

TEST(TuningFile, entries_with_all_their_parts) {
  const auto entries = parse(good);
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0].rules, (std::vector<std::string>{"1:10", "1:11"}));
  EXPECT_EQ(entries[0].networks.size(), 1U);
  EXPECT_EQ(entries[0].except.size(), 1U);
  EXPECT_EQ(entries[0].hours->days, 0x1F);
  EXPECT_EQ(entries[0].line, 3U);
  EXPECT_TRUE(entries[1].id.starts_with("t-"));
  EXPECT_EQ(entries[1].act, TuningAct::disable);
}

TEST(TuningFile, what_is_shown_is_read_the_same) {
  for (auto entry : parse(good)) {
    const auto text = "tuning:\n" + render_entry(entry);
    const auto again = parse(text);
    ASSERT_EQ(again.size(), 1U) << text;
    EXPECT_EQ(render_entry(again[0]), render_entry(entry));
    EXPECT_EQ(make_entry_id(again[0]), make_entry_id(entry));
  }
}

TEST(TuningFile, each_mistake_leaves_out_its_entry_only) {
  const std::string tail = "\n    owner: a\n    reason: b\n    expires: 2026-12-01\n";
  for (const std::string& bad : std::vector<std::string>{
           "rule: x" + tail,
           "do: suppres\n    rule: x" + tail,
           "do: suppress" + tail,
           "do: suppress\n    rule: 're:x'" + tail,
           "do: suppress\n    rule: x\n    network: 10.0.0.300" + tail,
           "do: suppress\n    rule: x\n    hours: 25:00-26:00" + tail,
           "do: suppress\n    rule: x\n    days: [someday]" + tail,
           "do: suppress\n    rule: x\n    side: left" + tail,
           "do: disable\n    rule: x\n    network: 10.0.0.1" + tail,
           "do: modify\n    rule: x" + tail,
           "do: modify\n    rule: x\n    severity: 101" + tail,
           "do: modify\n    rule: x\n    replace: '('" + tail,
           "do: disable\n    rule: 're:('" + tail,
           "do: suppress\n    rule: x\n    zone: Nowhere/Land" + tail,
           "do: suppress\n    rule: x\n    colour: red" + tail,
           "do: suppress\n    rule: x\n    rule: y" + tail,
           std::string("do: suppress\n    rule: x\n    reason: b\n    expires: 2026-12-01\n"),
           std::string("do: suppress\n    rule: x\n    owner: a\n    expires: 2026-12-01\n"),
           std::string("do: suppress\n    rule: x\n    owner: a\n    reason: b\n"),
           std::string("do: suppress\n    rule: x\n    owner: a\n    reason: b\n    expires: 30d\n"),
           std::string("do: suppress\n    rule: x\n    owner: a\n    reason: b\n    expires: 2029-01-01\n"),
           std::string("do: suppress\n    rule: x\n    owner: a\n    reason: b\n    expires: 1704-11-25\n"),
           std::string("do: suppress\n    rule: x\n    owner: a\n    reason: b\n    expires: 2261-11-25\n"),
           std::string("do: suppress\n    rule: x\n    owner: a\n    reason: b\n    from: 2027-01-01\n    expires: "
                       "2026-12-01\n")}) {
    Diagnostics diagnostics;
    const auto entries = parse(std::string(good) + "  - " + bad, diagnostics);
    EXPECT_EQ(entries.size(), 2U) << bad;
    ASSERT_EQ(diagnostics.errors(), 1U) << bad;
    EXPECT_EQ(diagnostics.all()[0].code, "T0101") << bad;
    EXPECT_GE(diagnostics.all()[0].line, 18U) << bad;
  }
}

TEST(TuningFile, hostile_text_is_refused_with_a_place) {
  for (const std::string& bad : std::vector<std::string>{"tuning: {a: b}", "- x", "tuning:\n  - 5",
                                                         "tuning: [[[[[[[[[[[[[[[[[[x]]]]]]]]]]]]]]]]]]",
                                                         "tuning:\n  - do: [suppress]", "\x01\xFF", "other: 1"}) {
    Diagnostics diagnostics;
    EXPECT_TRUE(parse(bad, diagnostics).empty()) << bad;
    EXPECT_TRUE(diagnostics.has_errors()) << bad;
  }
  EXPECT_TRUE(parse("").empty());
  EXPECT_TRUE(parse("tuning: []").empty());
  EXPECT_TRUE(parse("tuning:").empty());
}

TEST(TuningEntry, network_side_and_exceptions) {
  auto entry = parse(good)[0];
  entry.hours.reset();
  EXPECT_TRUE(rules::covers(entry, alert("10.9.3.3", "192.0.2.1", now)));
  EXPECT_FALSE(rules::covers(entry, alert("10.9.1.7", "192.0.2.1", now)));
  EXPECT_FALSE(rules::covers(entry, alert("192.0.2.1", "10.9.3.3", now)));
  entry.side = rules::TuningSide::either;
  EXPECT_TRUE(rules::covers(entry, alert("192.0.2.1", "10.9.3.3", now)));
  entry.host = "db01";
  EXPECT_FALSE(rules::covers(entry, alert("10.9.3.3", "192.0.2.1", now)));
}

TEST(TuningEntry, a_sigma_filter_says_which_alerts) {
  const auto entries = parse(R"(tuning:
  - do: suppress
    rule: "1:10"
    filter:
      job: {user.name: [backup, rsync], process.command_line|contains: /srv/archive}
      home: {source.ip|cidr: 10.9.0.0/16}
      condition: not (job and home)
    owner: alice
    reason: nightly backup
    expires: 2026-12-23
)");
  ASSERT_EQ(entries.size(), 1U);
  auto job = alert("10.9.3.4", "10.1.1.1", now);
  job.fields = {{"process.command_line", "tar cf /srv/archive/a.tar ."}, {"user.name", "backup"}};
  EXPECT_TRUE(rules::covers(entries[0], job));
  auto elsewhere = job;
  elsewhere.packet->source = *parse_address("198.51.100.7");
  EXPECT_FALSE(rules::covers(entries[0], elsewhere));
  job.fields[1].second = "mallory";
  EXPECT_FALSE(rules::covers(entries[0], job));
  job.fields.clear();
  EXPECT_FALSE(rules::covers(entries[0], job));
  EXPECT_EQ(too_wide(entries[0]), "");
  // Written and read again it is the same entry.
  const auto again = parse("tuning:\n" + render_entry(entries[0]));
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].filter, entries[0].filter);
  EXPECT_EQ(again[0].id, entries[0].id);
}

TEST(TuningEntry, filters_that_cannot_be_used_leave_the_entry_out) {
  const std::string rest = "    owner: alice\n    reason: r\n    expires: 2026-12-23\n";
  for (const char* filter :
       {"{selection: {a: b}}", "{condition: not selection}", "{selection: {a|nonsense: b}, condition: not selection}",
        "{selection: {a|re: '('}, condition: not selection}", "[a, b]", "'{a: '",
        "{selection: {a|expand: '%who%'}, condition: not selection}"}) {
    Diagnostics diagnostics;
    const auto entries =
        parse(std::string("tuning:\n  - do: suppress\n    rule: x\n    filter: ") + filter + "\n" + rest, diagnostics);
    EXPECT_TRUE(entries.empty()) << filter;
    EXPECT_EQ(diagnostics.errors(), 1U) << filter;
  }
  Diagnostics diagnostics;
  EXPECT_TRUE(
      parse("tuning:\n  - do: disable\n    rule: x\n    filter: {s: {a: b}, condition: not s}\n" + rest, diagnostics)
          .empty());
  const auto wide = parse("tuning:\n  - do: suppress\n    rule: x\n    filter: {s: {a: b}, condition: s}\n" + rest);
  ASSERT_EQ(wide.size(), 1U);
  EXPECT_NE(too_wide(wide[0]), "");
}

TEST(TuningEntry, hours_over_midnight_belong_to_the_day_they_began) {
  const auto entry = parse(good)[0];
  const auto at = [&](const char* time) { return entry.in_hours(*parse_time(time)); };
  EXPECT_TRUE(at("2026-11-27T23:30:00Z"));  // Friday night
  EXPECT_TRUE(at("2026-11-28T05:59:59Z"));  // still that night
  EXPECT_FALSE(at("2026-11-28T06:00:00Z"));
  EXPECT_FALSE(at("2026-11-28T23:30:00Z"));  // Saturday night
  EXPECT_FALSE(at("2026-11-30T03:00:00Z"));  // Sunday's night
  EXPECT_TRUE(at("2026-12-01T03:00:00Z"));
}

TEST(Tuning, an_entry_ends_by_itself) {
  const auto entries =
      parse("tuning:\n  - {do: suppress, rule: 1:10, owner: a, reason: b, expires: 2026-11-23T13:00:00Z}\n");
  const Tuning tuning(entries, now);
  EXPECT_TRUE(tuning.takes(alert("10.0.0.1", "10.0.0.2", now)));
  EXPECT_FALSE(tuning.takes(alert("10.0.0.1", "10.0.0.2", now + std::chrono::hours{1})));
  EXPECT_FALSE(tuning.takes(alert("10.0.0.1", "10.0.0.2", now, "1:12")));
  EXPECT_EQ(tuning.entries()[0]->alerts(), 1U);
  const Tuning later(entries, now + std::chrono::hours{2});
  EXPECT_FALSE(later.takes(alert("10.0.0.1", "10.0.0.2", now)));
  EXPECT_TRUE(later.suppressions("1:10").empty());
}

TEST(Tuning, an_entry_waits_for_its_beginning) {
  const auto entries =
      parse("tuning:\n  - {do: disable, rule: 1:10, owner: a, reason: b, from: 2026-11-24, expires: 2026-11-25}\n");
  std::string rewritten;
  EXPECT_TRUE(Tuning(entries, now).load({"1:10", "", "x"}, false, rewritten));
  EXPECT_FALSE(Tuning(entries, now + std::chrono::hours{20}).load({"1:10", "", "x"}, false, rewritten));
  EXPECT_TRUE(Tuning(entries, now + std::chrono::hours{50}).load({"1:10", "", "x"}, false, rewritten));
  EXPECT_EQ(Tuning(entries, now).next_change(now), parse_time("2026-11-24T00:00:00Z"));
  EXPECT_EQ(Tuning(entries, now).next_change(now + std::chrono::hours{20}), parse_time("2026-11-25T00:00:00Z"));
  EXPECT_FALSE(Tuning(entries, now).next_change(now + std::chrono::hours{50}));
}

TEST(Tuning, the_last_of_enable_and_disable_counts) {
  const std::string period = "owner: a, reason: b, expires: 2026-12-01}\n";
  const auto entries = parse("tuning:\n  - {do: disable, rule: 'file:a*.rules', " + period +
                             "  - {do: enable, rule: 1:10, " + period + "  - {do: disable, rule: 're:evil', " + period);
  const Tuning tuning(entries, now);
  std::string rewritten;
  EXPECT_FALSE(tuning.load({"1:9", "/x/ab.rules", "t"}, false, rewritten));
  EXPECT_TRUE(tuning.load({"1:9", "/x/b.rules", "t"}, false, rewritten));
  EXPECT_TRUE(tuning.load({"1:10", "/x/ab.rules", "t"}, false, rewritten));
  EXPECT_TRUE(tuning.load({"1:10", "/x/ab.rules", "t"}, true, rewritten));
  EXPECT_FALSE(tuning.load({"1:10", "/x/ab.rules", "some evil t"}, false, rewritten));
  EXPECT_FALSE(tuning.load({"1:9", "/x/b.rules", "t"}, true, rewritten));
}

TEST(Tuning, modify_rewrites_text_and_changes_severity) {
  const std::string period = "owner: a, reason: b, expires: 2026-12-01}\n";
  const auto entries =
      parse("tuning:\n  - {do: modify, rule: 1:10, replace: 'content:\"(\\w+)\"', with: 'content:\"\\1x\"', " + period +
            "  - {do: modify, rule: '*', severity: 7, " + period);
  const Tuning tuning(entries, now);
  std::string rewritten;
  EXPECT_EQ(tuning.load({"1:10", "", "content:\"ab\"; content:\"c\";"}, false, rewritten),
            "content:\"abx\"; content:\"cx\";");
  auto changed = alert("10.0.0.1", "10.0.0.2", now);
  tuning.change(changed);
  EXPECT_EQ(changed.severity, 7);
}

TEST(Tuning, addresses_of_alerts_without_a_packet) {
  rules::Alert log;
  log.fields = {{"source.ip", "10.9.3.3"}};
  log.time = now;
  auto entry = parse(good)[0];
  entry.hours.reset();
  EXPECT_TRUE(rules::covers(entry, log));
  log.fields.clear();
  log.add_entity(rules::EntityKind::address, rules::EntityRole::actor, "10.9.3.4");
  EXPECT_TRUE(rules::covers(entry, log));
  log.entities.clear();
  EXPECT_FALSE(rules::covers(entry, log));
}

TEST(TuningWarnings, end_soon_meet_nothing_or_too_much) {
  const std::string period = "owner: a, reason: b, ";
  const auto entries =
      parse("tuning:\n  - {do: suppress, rule: 1:10, network: 0.0.0.0/0, " + period + "expires: 2026-11-25}\n" +
            "  - {do: suppress, rule: 1:11, network: 10.0.0.0/8, " + period + "expires: 2026-12-25}\n" +
            "  - {do: disable, rule: 1:12, " + period + "expires: 2026-11-01}\n");
  const Tuning tuning(entries, now);
  auto info = std::make_shared<rules::RuleInfo>();
  info->id = "1:10";
  const std::vector<rules::RuleRef> loaded{info};
  tuning.meet(loaded);
  Diagnostics diagnostics;
  judge_tuning(tuning, now, diagnostics);
  std::vector<std::string> codes;
  for (const auto& d : diagnostics.all()) codes.push_back(d.code);
  EXPECT_EQ(codes, (std::vector<std::string>{"T0203", "T0204", "T0202", "T0201"}));
}

TEST(TuningEdit, what_people_wrote_stays) {
  auto entry = parse(good)[1];
  entry.id.clear();
  entry.reason = "added: # \"quoted\"\n";
  const auto with = with_entry(good, entry, now);
  ASSERT_TRUE(with) << with.error().message;
  EXPECT_TRUE(with->starts_with(good));
  const auto entries = parse(*with);
  ASSERT_EQ(entries.size(), 3U);
  EXPECT_EQ(entries[2].reason, "added: # \"quoted\"\n");
  EXPECT_FALSE(with_entry(*with, entry, now));  // the same again
  const auto without = without_entry(*with, entries[2].id, now);
  ASSERT_TRUE(without);
  EXPECT_EQ(*without, good);
  const auto first_gone = without_entry(good, "first", now);
  ASSERT_TRUE(first_gone);
  EXPECT_TRUE(first_gone->starts_with("# kept\ntuning:\n  # the next one\n")) << *first_gone;
  EXPECT_EQ(without_entry(good, "third", now).error().code, Code::not_found);
}

TEST(TuningEdit, empty_and_flow_files) {
  auto entry = parse(good)[0];
  for (const char* text : {"", "tuning: []\n", "# nothing yet\n", "tuning:\n"}) {
    const auto with = with_entry(text, entry, now);
    ASSERT_TRUE(with) << text;
    EXPECT_EQ(parse(*with).size(), 1U);
    EXPECT_EQ(parse(*without_entry(*with, entry.id, now)).size(), 0U);
  }
  EXPECT_EQ(with_entry("tuning: [{do: disable, rule: x, owner: a, reason: b, expires: 2026-12-01}]\n", entry, now)
                .error()
                .code,
            Code::conflict);
}

TEST(TuningImport, filters_of_sigma) {
  TuningEntry like;
  like.owner = "alice";
  like.reason = "reviewed";
  like.expires = now + std::chrono::hours{24 * 30};
  Diagnostics diagnostics;
  const auto taken = import_sigma_tuning(
      "filters.yml",
      "title: backup\nowner: bob\nreason: nightly\nexpires: " + render_time(now + std::chrono::hours{24 * 7}) +
          "\nlogsource: {product: linux}\n"
          "filter:\n  rules: [5f3b0c1e-6f0e-4b57-9b3f-0d5f0c6c0a01]\n"
          "  who: {user.name: backup, source.port: 22}\n  condition: not who\n"
          "---\ntitle: product field\nfilter: {rules: [a], s: {Image: x}, condition: "
          "not s}\n---\ntitle: all\nfilter: {rules: any, s: {user.name: x}, "
          "condition: not s}\n---\ntitle: a rule\ndetection: {}\n",
      like, now, diagnostics);
  ASSERT_EQ(taken.size(), 1U);
  EXPECT_EQ(taken[0].act, rules::TuningAct::suppress);
  EXPECT_EQ(taken[0].rules, std::vector<std::string>{"5f3b0c1e-6f0e-4b57-9b3f-0d5f0c6c0a01"});
  EXPECT_EQ(taken[0].filter, R"({"who": {"user.name": "backup", "source.port": 22}, "condition": "not who"})");
  EXPECT_EQ(taken[0].owner, "bob");
  EXPECT_EQ(taken[0].reason, "nightly");
  EXPECT_EQ(taken[0].expires, now + std::chrono::hours{24 * 7});
  rules::Alert alert;
  alert.fields = {{"source.port", "22"}, {"user.name", "backup"}};
  EXPECT_FALSE(taken[0].keeps(alert));
  alert.fields[1].second = "root";
  EXPECT_TRUE(taken[0].keeps(alert));
  EXPECT_EQ(diagnostics.all().size(), 3U);
  EXPECT_NE(diagnostics.all()[0].cause.find("`Image`"), std::string::npos);
}

TEST(TuningImport, files_of_suricata_update) {
  TuningEntry like;
  like.owner = "alice";
  like.reason = "taken over";
  like.expires = now + std::chrono::hours{24 * 30};
  Diagnostics diagnostics;
  const auto off = import_suricata_tuning(SuricataTuningKind::disable, "disable.conf",
                                          "# comment\n2019401\n1:2019402, 2019403\ngroup:emerging-icmp\nre:heartbleed\n"
                                          "filename:rules/x.rules\nmetadata: deployment perimeter\nnonsense here\n",
                                          like, now, diagnostics);
  ASSERT_EQ(off.size(), 1U);
  EXPECT_EQ(off[0].rules.size(), 7U);
  EXPECT_EQ(off[0].rules[3], "file:emerging-icmp.rules");
  EXPECT_EQ(diagnostics.all().size(), 1U);
  EXPECT_TRUE(rules::selects(off[0], {"1:5", "", "alert (msg:\"HeartBleed\";)"}));
  EXPECT_TRUE(rules::selects(off[0], {"1:5", "", "alert (metadata:a b, deployment Perimeter;)"}) ||
              off[0].rules[6].find("perimeter") != std::string::npos);
  const auto changed = import_suricata_tuning(
      SuricataTuningKind::modify, "modify.conf",
      "2019401 \"seconds \\d+\" \"seconds 3600\"\nre:foo \"a\" \"\"\nbroken \"x\"\n", like, now, diagnostics);
  ASSERT_EQ(changed.size(), 2U);
  EXPECT_EQ(changed[0].rewrite("count 1, seconds 60"), "count 1, seconds 3600");
  EXPECT_EQ(diagnostics.all().size(), 2U);
  EXPECT_TRUE(import_suricata_tuning(SuricataTuningKind::drop, "drop.conf", "1:1\n", like, now, diagnostics).empty());
  EXPECT_EQ(suricata_tuning_kind("/etc/suricata/enable.conf"), SuricataTuningKind::enable);
  EXPECT_FALSE(suricata_tuning_kind("threshold.config"));
}

}  // namespace
}  // namespace tocsin::daemon
