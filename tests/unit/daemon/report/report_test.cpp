// A store with a day in it, reported in every format, against tests/golden/report. TOCSIN_GOLDEN=update writes anew.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "daemon/report/desk.h"
#include "daemon/report/render.h"
#include "responders/incident/casework.h"
#include "tests/unit/daemon/store/scratch.h"
#include "tests/unit/responders/incident/samples.h"

namespace tocsin::daemon {
namespace {

using namespace samples;
namespace command = responders::command;

void expect_golden(const std::string& name, const std::string& actual) {
  const std::string path = std::string(TOCSIN_SOURCE_DIR) + "/tests/golden/report/" + name;
  if (const char* update = std::getenv("TOCSIN_GOLDEN"); update && std::string(update) == "update")
    std::ofstream(path, std::ios::binary) << actual;
  std::ifstream in(path, std::ios::binary);
  std::stringstream expected;
  expected << in.rdbuf();
  EXPECT_EQ(expected.str(), actual) << path;
}

struct House {
  Scratch scratch;
  ManualClock clock{at(0)};
  std::unique_ptr<Store> store = Store::open(scratch.path(), OpenMode::create, clock).value();
  responders::Casework casework =
      responders::Casework::start(store->journal(), clock, responders::IncidentIds::derived(7),
                                  {.self = {998, responders::Actor::nobody, "tocsind"}})
          .value();
  const responders::Actor analyst{1000, 1000, "linh"};
  IncidentId shell;

  IncidentId raise(const AlertRecipe& recipe) {
    const auto alert = make_alert(recipe);
    clock.advance_to(alert.time + std::chrono::milliseconds(20));
    IncidentId id;
    Checkpoint checkpoint;
    checkpoint.alerts = {alert};
    const auto done = store->commit(std::move(checkpoint), [&](const rules::Alert& one) -> Result<void> {
      TOCSIN_TRY(const auto taken, casework.take(one));
      id = taken.incident;
      return {};
    });
    EXPECT_TRUE(done);
    return id;
  }
  void ask(IncidentId id, const responders::Command& what) { EXPECT_TRUE(casework.command(id, what, analyst)); }

  // A day: guesses until one succeeds, a web shell with a hostile name, a false alarm, an exercise, a blind spell.
  void play() {
    const std::vector<std::string> guessing{"credential-access", "T1110.001"};
    for (std::int64_t i = 0; i < 30; ++i)
      raise({.second = 600 + 7 * i, .attack = guessing, .entities = {from("203.0.113.9"), user("deploy")}});
    shell = raise({.rule = "2026001",
                   .second = 900,
                   .engine = rules::Engine::signature,
                   .severity = 70,
                   .attack = {"initial-access"},
                   .entities = {from("203.0.113.9"), towards("192.0.2.5")}});
    raise({.rule = "webshell_<script>alert(1)</script>",
           .second = 905,
           .engine = rules::Engine::yara,
           .severity = 85,
           .attack = {"persistence", "T1505.003"},
           .entities = {file("/srv/up/=cmd|'/c calc'!A1 \x1b[31m\xff.php")}});
    const auto noise = raise({.rule = "scan",
                              .second = 4000,
                              .severity = 25,
                              .attack = {"reconnaissance"},
                              .entities = {from("198.51.100.4")},
                              .host = "web2"});
    raise({.second = 5000, .severity = 90, .entities = {from("203.0.113.77")}, .exercise = Exercise::yes});
    clock.advance_to(at(6000));
    ask(shell, command::Assign{"linh"});
    ask(shell, command::Start{"web shell seen"});
    ask(shell, command::AddEvidence{{sha256(as_bytes("<?php")), "/srv/up/x.php", 5, at(6000)}});
    ask(shell, command::RecordRun{{.playbook = "Web shell",
                                   .step = "Quarantine",
                                   .action = "file.quarantine",
                                   .mode = "apply",
                                   .outcome = "applied",
                                   .text = "1 file",
                                   .contained = true}});
    ask(shell, command::RecordRun{{.playbook = "Web shell",
                                   .step = "Block",
                                   .action = "network.block_address",
                                   .mode = "rehearse",
                                   .outcome = "forecast",
                                   .text = "203.0.113.9 for 1h"}});
    ask(shell, command::RecordRun{{.playbook = "Web shell",
                                   .phase = responders::change::RunPhase::finished,
                                   .mode = "rehearse",
                                   .outcome = "forecast",
                                   .text = "rehearsed: 4 steps, 2 commands; nothing was applied"}});
    clock.advance_to(at(9000));
    ask(shell, command::Contain{"quarantined and blocked"});
    ask(noise, command::Close{responders::Verdict::false_positive, "our own | scanner"});
    EXPECT_TRUE(store->records().add_blind({"live:eth0", "ring full", at(7000), at(7005), 1832, Exercise::no}));
    EXPECT_TRUE(store->records().add_audit({0, at(9000), analyst, "rules.reload", "web pack", "new rule", "ok"}));
  }
  std::unique_ptr<StoreReader> reader() const { return StoreReader::open(scratch.path()).value(); }
};

ReportScope scope() {
  return {"web1", "Nghe An province", collectors::TimeZone::load("Asia/Ho_Chi_Minh").value(), "Asia/Ho_Chi_Minh",
          at(90'000)};
}
Period day() {
  return Schedule::parse("daily", "Asia/Ho_Chi_Minh")->ending(parse_time("2026-11-22T17:00:00Z").value());
}

TEST(Report, an_exercise_is_in_no_metric_and_an_entity_is_named_once) {
  House house;
  const auto id = house.raise({.second = 600,
                               .entities = {from("203.0.113.9"), towards("203.0.113.9"), user("deploy")},
                               .exercise = Exercise::yes});
  house.clock.advance_to(at(6000));
  house.ask(id, command::Start{"drill"});
  const auto report = make_incident(*house.reader(), id, scope()).value();
  for (const auto& metric : report.metrics) EXPECT_EQ(metric.samples, 0U) << metric.name;
  for (const auto format : {ReportFormat::html, ReportFormat::markdown}) {
    const auto text = render(report, format);
    const auto entities = text.substr(0, text.find(format == ReportFormat::html ? "Timeline" : "- 2026"));
    std::size_t times = 0;
    for (auto at = entities.find("203.0.113.9"); at != std::string::npos; at = entities.find("203.0.113.9", at + 1))
      ++times;
    EXPECT_EQ(times, 1U) << entities;
    EXPECT_NE(text.find("No playbook was rehearsed or run."), std::string::npos);
  }
}

TEST(Report, counts_what_happened_and_leaves_exercises_out) {
  House house;
  house.play();
  const auto report = make_periodic(*house.reader(), ReportKind::daily, day(), scope()).value();
  EXPECT_EQ(report.alerts, 33U);
  EXPECT_EQ(report.exercise_alerts, 1U);
  EXPECT_EQ(report.exercise_incidents, 1U);
  EXPECT_EQ(report.by_band, (std::array<std::uint64_t, bands>{0, 1, 30, 1, 1}));
  EXPECT_EQ(report.opened, 2U);
  EXPECT_EQ(report.closed, 1U);
  EXPECT_EQ(report.open_at_end, 1U);
  EXPECT_EQ(report.rules.front().rule, "ssh-guess");
  EXPECT_EQ(report.rules.front().alerts, 30U);
  EXPECT_EQ(report.losses.size(), 1U);
  EXPECT_EQ(report.bar_width, std::chrono::minutes(30) * 2);
  std::uint64_t in_bars = 0;
  for (const auto& bar : report.bars)
    for (const auto count : bar.counts) in_bars += count;
  EXPECT_EQ(in_bars, report.alerts);
  EXPECT_EQ(report.actions.size(), 2U);
  EXPECT_EQ(report.rehearsed, (std::vector<NamedCount>{{"Web shell", 1}}));
  EXPECT_TRUE(report.chains[0].trouble.empty());
  // Nothing of the day before.
  const auto before = make_periodic(*house.reader(), ReportKind::daily,
                                    Schedule::parse("daily", "Asia/Ho_Chi_Minh")->ending(day().since), scope())
                          .value();
  EXPECT_EQ(before.alerts, 0U);
  EXPECT_EQ(before.opened, 0U);
}

TEST(Report, what_is_marked_too_strictly_is_counted_and_not_told) {
  House house;
  const auto id = house.raise({.rule = "listed evil.example",
                               .second = 600,
                               .engine = rules::Engine::indicator,
                               .entities = {domain("evil.example")},
                               .tlp = rules::Tlp::red});
  house.raise({.rule = "open", .second = 700, .entities = {user("linh")}, .host = "web2", .tlp = rules::Tlp::green});
  house.clock.advance_to(at(6000));
  house.ask(id, command::Note{"evil.example is blocked"});
  const auto daily = make_periodic(*house.reader(), ReportKind::daily, day(), scope()).value();
  EXPECT_EQ(daily.alerts, 2U);
  EXPECT_EQ(daily.withheld_alerts, 1U);
  EXPECT_EQ(daily.withheld_incidents, 1U);
  const auto one = make_incident(*house.reader(), id, scope()).value();
  for (const auto format : {ReportFormat::html, ReportFormat::markdown, ReportFormat::csv, ReportFormat::json})
    for (const auto* report : {&daily, &one}) {
      const auto text = render(*report, format);
      EXPECT_EQ(text.find("evil"), std::string::npos) << text;
      EXPECT_NE(text.find("Withheld: what 1 alert and 1 incident are about is marked"), std::string::npos) << text;
    }
  EXPECT_NE(render(daily, ReportFormat::csv).find("Title of open"), std::string::npos);
  auto all = scope();
  all.max_tlp = rules::Tlp::red;
  EXPECT_NE(render(make_incident(*house.reader(), id, all).value(), ReportFormat::csv).find("evil"), std::string::npos);
}

TEST(ReportGolden, daily_in_all_formats) {
  House house;
  house.play();
  auto report = make_periodic(*house.reader(), ReportKind::daily, day(), scope()).value();
  report.store_bytes = 123'456;  // SQLite's own business
  for (const auto format : {ReportFormat::html, ReportFormat::markdown, ReportFormat::csv, ReportFormat::json})
    expect_golden("daily" + std::string(file_suffix(format)), render(report, format));
}

TEST(ReportGolden, incident_in_all_formats) {
  House house;
  house.play();
  auto report = make_incident(*house.reader(), house.shell, scope()).value();
  report.store_bytes = 123'456;
  for (const auto format : {ReportFormat::html, ReportFormat::markdown, ReportFormat::csv, ReportFormat::json})
    expect_golden("incident" + std::string(file_suffix(format)), render(report, format));
}

TEST(ReportGolden, a_day_on_which_nothing_happened) {
  House house;
  auto report = make_periodic(*house.reader(), ReportKind::daily, day(), scope()).value();
  report.store_bytes = 123'456;
  for (const auto format : {ReportFormat::html, ReportFormat::markdown, ReportFormat::csv, ReportFormat::json})
    expect_golden("empty" + std::string(file_suffix(format)), render(report, format));
}

TEST(Report, hostile_texts_stay_texts_in_every_format) {
  House house;
  house.play();
  const auto report = make_periodic(*house.reader(), ReportKind::daily, day(), scope()).value();
  for (const auto format : {ReportFormat::html, ReportFormat::markdown, ReportFormat::csv, ReportFormat::json}) {
    const auto text = render(report, format);
    EXPECT_EQ(text.find('\x1b'), std::string::npos);
    EXPECT_EQ(text.find('\xff'), std::string::npos);
  }
  const auto html = render(report, ReportFormat::html);
  EXPECT_EQ(html.find("<script"), std::string::npos);
  EXPECT_NE(html.find("&lt;script&gt;"), std::string::npos);
  const auto csv = render(report, ReportFormat::csv);
  EXPECT_EQ(csv.find(",=cmd"), std::string::npos);
  EXPECT_NE(render(report, ReportFormat::markdown).find("our own \\| scanner"), std::string::npos);
}

TEST(Report, what_the_store_says_of_verdicts_and_chains_is_escaped_too) {
  Report report;
  report.verdicts = {{"<verdict>", 1}};
  report.chains = {{"journal", 1, "<head>x", ""}};
  const auto html = render(report, ReportFormat::html);
  EXPECT_EQ(html.find("<verdict>"), std::string::npos);
  EXPECT_EQ(html.find("<head>x"), std::string::npos);
  EXPECT_NE(render(report, ReportFormat::markdown).find("\\<verdict\\>"), std::string::npos);
}

TEST(Report, a_broken_chain_is_said) {
  House house;
  house.play();
  ASSERT_TRUE(house.store->database().execute("DELETE FROM journal WHERE sequence = 3"));
  const auto report = make_periodic(*house.reader(), ReportKind::daily, day(), scope()).value();
  EXPECT_FALSE(report.chains[0].trouble.empty());
  EXPECT_NE(render(report, ReportFormat::html).find("broken"), std::string::npos);
}

TEST(Report, durations_read_well) {
  EXPECT_EQ(readable_duration(Duration{0}), "0s");
  EXPECT_EQ(readable_duration(std::chrono::milliseconds(20)), "20ms");
  EXPECT_EQ(readable_duration(std::chrono::seconds(3720)), "1h 2m");
  EXPECT_EQ(readable_duration(std::chrono::hours(49)), "2d 1h");
  EXPECT_EQ(readable_duration(std::chrono::seconds(86405)), "1d");
}

TEST(ReportDesk, makes_each_period_once_and_catches_up_after_downtime) {
  House house;
  house.play();
  ReportConfig config{.kind = ReportKind::daily,
                      .calendar = "*-*-* 06:00",
                      .time_zone = "UTC",
                      .formats = {ReportFormat::html, ReportFormat::json},
                      .directory = (house.scratch.path() / "reports").string()};
  const auto open = [&] { return ReportDesk::open(*house.store, house.clock, {config}, "web1", "").value(); };
  EXPECT_TRUE(open().run_due()->empty());  // at first sight nothing is owed
  EXPECT_EQ(open().next(), parse_time("2026-11-23T06:00:00Z"));
  house.clock.advance_to(parse_time("2026-11-25T07:00:00Z").value());
  const auto made = open().run_due().value();
  ASSERT_EQ(made.size(), 3U);
  EXPECT_FALSE(made[0].trouble);
  EXPECT_EQ(made[0].row.until, parse_time("2026-11-23T06:00:00Z"));
  for (const auto& one : made)
    for (const auto& path : one.row.files) EXPECT_TRUE(std::filesystem::exists(path)) << path;
  EXPECT_TRUE(open().run_due()->empty());
  house.clock.advance_to(parse_time("2026-11-26T05:59:59Z").value());
  EXPECT_TRUE(open().run_due()->empty());
  house.clock.advance_to(parse_time("2026-11-26T06:00:00Z").value());
  EXPECT_EQ(open().run_due()->size(), 1U);
}

TEST(ReportDesk, a_report_that_cannot_be_written_stays_due) {
  House house;
  ReportConfig config{
      .calendar = "hourly", .time_zone = "UTC", .directory = (house.scratch.path() / "blocked").string()};
  auto desk = ReportDesk::open(*house.store, house.clock, {config}, "web1", "").value();
  ASSERT_TRUE(desk.run_due());
  std::ofstream(house.scratch.path() / "blocked") << "a file where the directory should be";
  house.clock.advance_to(at(4000));
  auto made = desk.run_due().value();
  ASSERT_EQ(made.size(), 1U);
  EXPECT_TRUE(made[0].trouble);
  std::filesystem::remove(house.scratch.path() / "blocked");
  made = desk.run_due().value();
  ASSERT_EQ(made.size(), 1U);
  EXPECT_FALSE(made[0].trouble);
}

TEST(ReportDesk, mistakes_in_the_schedule_name_their_place) {
  House house;
  const std::vector<ReportConfig> configs{{.calendar = "daily", .time_zone = "UTC"}, {.calendar = "now and then"}};
  const auto desk = ReportDesk::open(*house.store, house.clock, configs, "web1", "");
  ASSERT_FALSE(desk);
  EXPECT_NE(desk.error().text().find("entry 2"), std::string::npos);
}

}  // namespace
}  // namespace tocsin::daemon
