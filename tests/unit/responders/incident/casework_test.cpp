#include "responders/incident/casework.h"

#include <gtest/gtest.h>

#include "tests/unit/responders/incident/samples.h"

namespace tocsin::responders {
namespace {

using rules::Engine;
using samples::at;
using samples::domain;
using samples::file;
using samples::from;
using samples::make_alert;
using samples::towards;
using samples::user;

const Actor analyst{1000, 1000, "linh"};

struct House {
  ManualClock clock{at(0)};
  MemoryJournal journal;
  CaseworkOptions options{.self = {998, Actor::nobody, "tocsind"}};
  Casework casework = Casework::start(journal, clock, IncidentIds::derived(7), options).value();

  TakenAlert take(const samples::AlertRecipe& recipe) {
    const auto alert = make_alert(recipe);
    clock.advance_to(alert.time);
    return casework.take(alert).value();
  }
};

TEST(Casework, an_offer_nobody_answers_is_passed_on_after_a_restart_as_well) {
  House house;
  const auto id = house.take({.second = 0, .entities = {from("203.0.113.9")}}).incident;
  ASSERT_TRUE(house.casework.command(id, command::Assign{"linh"}, analyst));
  const auto hour = std::chrono::hours(1);
  ASSERT_TRUE(house.casework.command(id, command::OfferHandover{"bao", {"chi"}, hour, "end of shift"}, analyst));
  EXPECT_FALSE(house.casework.handover_due());
  house.clock.advance_to(at(3600));
  house.casework = Casework::start(house.journal, house.clock, IncidentIds::derived(7), house.options).value();
  EXPECT_TRUE(house.casework.handover_due());
  ASSERT_TRUE(house.casework.pass_handovers());
  EXPECT_EQ(house.casework.incident(id)->handover->to, "chi");
  EXPECT_FALSE(house.casework.handover_due());
  house.clock.advance_to(at(7200));
  ASSERT_TRUE(house.casework.pass_handovers());
  EXPECT_FALSE(house.casework.incident(id)->handover);
  EXPECT_EQ(house.casework.incident(id)->owner, "linh");
}

TEST(Casework, one_intrusion_becomes_one_incident) {
  House house;
  const auto guess = house.take({.second = 0, .entities = {from("203.0.113.9"), user("deploy")}});
  EXPECT_EQ(guess.how, Taken::opened);
  const auto again = house.take({.second = 20, .entities = {from("203.0.113.9"), user("deploy")}});
  EXPECT_EQ(again.how, Taken::repeated);
  // A packet alert of the same attacker; then what happens on the host itself, without an address.
  const auto upload = house.take({.rule = "2001",
                                  .second = 60,
                                  .engine = Engine::signature,
                                  .severity = 70,
                                  .entities = {from("203.0.113.9"), towards("192.0.2.5")}});
  const auto shell = house.take({.rule = "webshell",
                                 .second = 61,
                                 .engine = Engine::yara,
                                 .severity = 80,
                                 .entities = {file("/var/www/up/s.php"), user("www-data")}});
  const auto sudo = house.take({.rule = "sudo", .second = 90, .entities = {user("deploy")}});
  const auto beacon = house.take({.rule = "beacon",
                                  .second = 120,
                                  .engine = Engine::signature,
                                  .entities = {from("192.0.2.5"), towards("198.51.100.77"), domain("c2.example")}});
  for (const auto& taken : {again, upload, shell, sudo, beacon}) EXPECT_EQ(taken.incident, guess.incident);
  const auto incident = house.casework.incident(guess.incident).value();
  EXPECT_EQ(incident.alias, "INC-2026-0001");
  EXPECT_EQ(incident.alert_count, 6U);
  EXPECT_EQ(incident.alerts.size(), 5U);
  EXPECT_EQ(incident.severity, 90);  // 80, three engines
}

TEST(Casework, another_attacker_is_another_incident_even_for_the_same_user) {
  House house;
  house.options.grouping.own_addresses = {"192.0.2.5"};
  house.casework = Casework::start(house.journal, house.clock, IncidentIds::derived(7), house.options).value();
  const auto one = house.take({.entities = {from("203.0.113.9"), towards("192.0.2.5"), user("admin")}});
  const auto two = house.take({.second = 5, .entities = {from("198.51.100.4"), towards("192.0.2.5"), user("admin")}});
  EXPECT_NE(one.incident, two.incident);
  // The host itself acts: the most severe incident of the host takes it.
  const auto worse = house.take({.rule = "upload", .second = 6, .severity = 80, .entities = {from("198.51.100.4")}});
  EXPECT_EQ(worse.incident, two.incident);
  const auto beacon =
      house.take({.rule = "beacon", .second = 9, .entities = {from("192.0.2.5"), towards("100.64.1.1")}});
  EXPECT_EQ(beacon.incident, two.incident);
}

TEST(Casework, the_window_slides_and_age_ends_it) {
  House house;
  constexpr std::int64_t step = 50 * 60;
  const auto first = house.take({.entities = {from("203.0.113.9")}});
  std::int64_t second = step;
  for (; second <= 24 * 3600; second += step)
    EXPECT_EQ(house.take({.second = second, .entities = {from("203.0.113.9")}}).incident, first.incident);
  EXPECT_NE(house.take({.second = second, .entities = {from("203.0.113.9")}}).incident, first.incident);

  House other;
  const auto early = other.take({.entities = {from("203.0.113.9")}});
  EXPECT_NE(other.take({.second = 3700, .entities = {from("203.0.113.9")}}).incident, early.incident);
}

TEST(Casework, an_alert_that_links_two_incidents_merges_them) {
  House house;
  const auto one = house.take({.entities = {from("203.0.113.9")}});
  const auto two = house.take({.second = 5, .entities = {from("198.51.100.4")}});
  ASSERT_NE(one.incident, two.incident);
  const auto link =
      house.take({.rule = "pivot", .second = 9, .entities = {from("203.0.113.9"), towards("198.51.100.4")}});
  EXPECT_EQ(link.incident, one.incident);
  const auto merged = house.casework.incident(two.incident).value();
  EXPECT_EQ(merged.merged_into, one.incident);
  EXPECT_EQ(house.casework.incident(one.incident).value().alerts.size(), 3U);
  EXPECT_EQ(house.journal.incident_of(make_alert({.second = 5, .entities = {from("198.51.100.4")}}).id).value(),
            one.incident);
  // From now on the second address leads to the first incident too.
  EXPECT_EQ(house.take({.rule = "later", .second = 12, .entities = {from("198.51.100.4")}}).incident, one.incident);
}

TEST(Casework, exercises_and_health_alerts_stay_apart) {
  House house;
  const auto real = house.take({.entities = {from("203.0.113.9")}});
  const auto drill = house.take({.second = 1, .entities = {from("203.0.113.9")}, .exercise = Exercise::yes});
  const auto blind = house.take({.rule = "tocsin.blind", .second = 2, .engine = Engine::self});
  EXPECT_NE(real.incident, drill.incident);
  EXPECT_NE(real.incident, blind.incident);
  EXPECT_EQ(house.casework.incident(drill.incident).value().exercise, Exercise::yes);
  EXPECT_EQ(house.casework.merge(real.incident, drill.incident, "mixed", analyst).error().code, Code::conflict);
}

TEST(Casework, what_was_taken_is_known_after_a_restart) {
  House house;
  const auto first = house.take({.entities = {from("203.0.113.9")}});
  house.take({.second = 3, .entities = {from("203.0.113.9")}});
  auto again = Casework::start(house.journal, house.clock, IncidentIds::derived(7), house.options).value();
  EXPECT_EQ(again.take(make_alert({.entities = {from("203.0.113.9")}}))->how, Taken::known);
  EXPECT_EQ(again.take(make_alert({.second = 3, .entities = {from("203.0.113.9")}}))->how, Taken::known);
  const auto more = again.take(make_alert({.rule = "next", .second = 10, .entities = {from("203.0.113.9")}})).value();
  EXPECT_EQ(more.how, Taken::joined);
  EXPECT_EQ(more.incident, first.incident);
  EXPECT_EQ(again.incident(first.incident).value(),
            fold(house.journal.changes(first.incident).value(), first.incident));
}

TEST(Casework, a_replay_gives_the_same_journal_byte_for_byte) {
  const auto run = [] {
    House house;
    for (std::int64_t i = 0; i < 20; ++i)
      house.take(
          {.rule = "r" + std::to_string(i % 3), .second = i, .entities = {from("203.0.113." + std::to_string(i % 5))}});
    std::string all;
    for (const auto& record : house.journal.records()) all += record.json + render_digest(record.hash) + '\n';
    return all;
  };
  EXPECT_EQ(run(), run());
}

TEST(Casework, a_closed_incident_takes_no_more_alerts_until_reopened) {
  House house;
  const auto first = house.take({.entities = {from("203.0.113.9")}});
  ASSERT_TRUE(house.casework.command(first.incident, command::Close{Verdict::false_positive, "pen test"}, analyst));
  const auto second = house.take({.rule = "b", .second = 9, .entities = {from("203.0.113.9")}});
  EXPECT_EQ(second.how, Taken::opened);
  ASSERT_TRUE(house.casework.command(second.incident, command::Close{Verdict::duplicate, "same"}, analyst));
  ASSERT_TRUE(house.casework.command(first.incident, command::Reopen{"not one after all"}, analyst));
  EXPECT_EQ(house.take({.rule = "c", .second = 12, .entities = {from("203.0.113.9")}}).incident, first.incident);
}

TEST(Casework, a_stale_command_is_a_conflict) {
  House house;
  const auto id = house.take({.entities = {from("203.0.113.9")}}).incident;
  const auto seen = house.casework.incident(id)->revision;
  ASSERT_TRUE(house.casework.command(id, command::Assign{"linh"}, analyst, seen));
  EXPECT_EQ(house.casework.command(id, command::Start{"me too"}, analyst, seen).error().code, Code::conflict);
  EXPECT_EQ(house.casework.command({}, command::Start{"x"}, analyst).error().code, Code::not_found);
}

TEST(Casework, a_split_opens_an_incident_of_its_own) {
  House house;
  const auto id = house.take({.entities = {from("203.0.113.9")}}).incident;
  const auto odd = make_alert({.rule = "odd", .second = 4, .entities = {from("203.0.113.9"), user("backup")}});
  ASSERT_TRUE(house.casework.take(odd));
  const auto fresh = house.casework.split(id, {odd.id}, "the backup job", analyst);
  ASSERT_TRUE(fresh) << fresh.error().text();
  EXPECT_EQ(fresh->alias, "INC-2026-0002");
  EXPECT_EQ(fresh->alerts.size(), 1U);
  EXPECT_EQ(house.journal.incident_of(odd.id).value(), fresh->id);
}

class BrokenJournal final : public Journal {
 public:
  Result<void> append(std::span<const Change>) override { return fail(Code::exhausted, "the disk is full"); }
  Result<std::vector<Change>> changes(IncidentId) override { return std::vector<Change>{}; }
  Result<std::vector<IncidentId>> open_incidents() override { return std::vector<IncidentId>{}; }
  Result<std::optional<IncidentId>> incident_of(const rules::AlertId&) override { return std::nullopt; }
  Result<std::uint32_t> last_number(int) override { return 0U; }
  Result<ChainHead> verify() override { return ChainHead{}; }
};

TEST(Casework, what_cannot_be_journaled_does_not_happen) {
  BrokenJournal journal;
  ManualClock clock(at(0));
  auto casework = Casework::start(journal, clock, IncidentIds::derived(1), {}).value();
  const auto alert = make_alert({.entities = {from("203.0.113.9")}});
  EXPECT_EQ(casework.take(alert).error().code, Code::exhausted);
  EXPECT_EQ(casework.take(alert).error().code, Code::exhausted);  // still a new incident, not a member of a ghost
}

TEST(Journal, any_alteration_breaks_the_chain) {
  House house;
  house.take({.entities = {from("203.0.113.9")}});
  house.take({.rule = "b", .second = 3, .entities = {from("203.0.113.9")}});
  EXPECT_EQ(house.journal.verify()->sequence, 3U);
  auto records = house.journal.records();
  const auto judge = [](const std::vector<JournalRecord>& chain) {
    ChainVerifier verifier;
    for (const auto& record : chain)
      if (!verifier.take(record)) return false;
    return true;
  };
  EXPECT_TRUE(judge(records));
  auto altered = records;
  altered[1].json[20] ^= 1;
  EXPECT_FALSE(judge(altered));
  auto shorter = records;
  shorter.erase(shorter.begin());
  EXPECT_FALSE(judge(shorter));
  auto swapped = records;
  std::swap(swapped[1], swapped[2]);
  EXPECT_FALSE(judge(swapped));
}

TEST(Journal, aliases_are_read_back) {
  EXPECT_EQ(render_alias(2026, 42), "INC-2026-0042");
  EXPECT_EQ(parse_alias("INC-2026-12345")->number, 12345U);
  EXPECT_FALSE(parse_alias("INC-2026-"));
  EXPECT_FALSE(parse_alias("INC-20x6-0001"));
}

TEST(Grouping, the_table_of_keys_stays_capped) {
  GroupingOptions options;
  options.keys_most = 64;
  options.incidents_most = 16;
  Grouping grouping(options);
  SeededRandom random(1);
  for (std::int64_t i = 0; i < 1000; ++i) {
    const auto alert = make_alert(
        {.second = i, .entities = {from("10.0." + std::to_string(i / 250) + '.' + std::to_string(i % 250))}});
    grouping.note(summarize(alert), Exercise::no, {make_uuid7(at(i), random)});
  }
  EXPECT_LE(grouping.keys(), 64U);
  EXPECT_LE(grouping.incidents(), 16U);
  EXPECT_GT(grouping.keys(), 0U);
}

}  // namespace
}  // namespace tocsin::responders
