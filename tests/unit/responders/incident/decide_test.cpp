#include "responders/incident/decide.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/responders/incident/samples.h"

namespace tocsin::responders {
namespace {

using samples::at;
using samples::from;
using samples::make_alert;

const Actor analyst{1000, 1000, "linh"};
const IncidentId first_id{*parse_uuid("01900000-0000-7000-8000-000000000001")};
const IncidentId second_id{*parse_uuid("01900000-0000-7000-8000-000000000002")};

Incident apply(Incident incident, const Command& command, Time now) {
  const auto changes = decide(incident, command, analyst, ManualClock(now));
  EXPECT_TRUE(changes) << (changes ? "" : changes.error().text());
  if (!changes) return incident;
  const auto id = incident.id ? incident.id : changes->front().incident;
  for (const auto& change : *changes) {
    const auto back = parse_change(render_json(change));
    EXPECT_TRUE(back) << (back ? "" : back.error().text());
    if (back) {
      EXPECT_EQ(*back, change);
    }
    if (change.incident == id) incident = evolve(std::move(incident), change);
  }
  return incident;
}

Incident opened(IncidentId id = first_id, const std::string& alias = "INC-2026-0001", std::int64_t second = 0) {
  return apply({}, command::Open{id, alias, "", make_alert({.second = second, .entities = {from("203.0.113.9")}})},
               at(second + 60));
}

Code refusal(const Incident& incident, const Command& command) {
  const auto changes = decide(incident, command, analyst, ManualClock(at(1000)));
  EXPECT_FALSE(changes);
  return changes ? Code::failure : changes.error().code;
}

TEST(Decide, an_incident_walks_from_new_to_closed_and_keeps_its_times) {
  auto incident = opened();
  EXPECT_EQ(incident.state, IncidentState::new_);
  EXPECT_EQ(incident.severity, 40);
  EXPECT_EQ(incident.times.first_event, at(0));
  EXPECT_EQ(incident.times.opened, at(60));
  incident = apply(incident, command::Start{"looking"}, at(120));
  incident = apply(incident, command::Contain{"blocked"}, at(300));
  incident = apply(incident, command::Close{Verdict::true_positive, "cleaned", at(500)}, at(600));
  EXPECT_EQ(incident.state, IncidentState::closed);
  EXPECT_EQ(incident.verdict, Verdict::true_positive);
  const auto metrics = measure(incident);
  EXPECT_EQ(metrics.to_detect, std::chrono::seconds(60));
  EXPECT_EQ(metrics.to_triage, std::chrono::seconds(60));
  EXPECT_EQ(metrics.to_acknowledge, std::chrono::seconds(120));
  EXPECT_EQ(metrics.to_contain, std::chrono::seconds(300));
  EXPECT_EQ(metrics.to_qualify, std::chrono::seconds(540));
  EXPECT_EQ(metrics.to_resolve, std::chrono::seconds(380));
}

TEST(Decide, states_only_go_forward_unless_reopened) {
  auto incident = apply(opened(), command::Contain{"blocked"}, at(100));
  EXPECT_EQ(refusal(incident, command::Start{"again"}), Code::conflict);
  EXPECT_EQ(refusal(incident, command::Contain{"again"}), Code::conflict);
  incident = apply(incident, command::Close{Verdict::false_positive, "a test"}, at(200));
  EXPECT_EQ(refusal(incident, command::Close{Verdict::other, "twice"}), Code::conflict);
  incident = apply(incident, command::Reopen{"it came back"}, at(300));
  EXPECT_EQ(incident.state, IncidentState::in_progress);
  EXPECT_FALSE(incident.verdict);
  EXPECT_EQ(incident.times.closed, Time{});
  EXPECT_EQ(refusal(incident, command::Reopen{"again"}), Code::conflict);
}

TEST(Decide, a_change_of_state_needs_a_reason) {
  EXPECT_EQ(refusal(opened(), command::Start{}), Code::usage);
  EXPECT_EQ(refusal(opened(), command::Close{}), Code::usage);
  EXPECT_EQ(refusal(opened(), command::Rate{90, ""}), Code::usage);
  EXPECT_EQ(refusal(opened(), command::Note{}), Code::usage);
}

TEST(Decide, repeats_fold_into_the_alert_they_repeat) {
  auto incident = opened();
  incident = apply(incident, command::AddAlert{make_alert({.second = 10, .entities = {from("203.0.113.9")}})}, at(70));
  ASSERT_EQ(incident.alerts.size(), 1U);
  EXPECT_EQ(incident.alerts[0].count, 2U);
  EXPECT_EQ(incident.alerts[0].last, at(10));
  EXPECT_EQ(incident.alert_count, 2U);
  EXPECT_EQ(incident.times.last_event, at(10));
  // The very same alert again changes nothing.
  const auto again = decide(incident, command::AddAlert{make_alert({.entities = {from("203.0.113.9")}})}, analyst,
                            ManualClock(at(80)));
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->empty());
}

TEST(Decide, severity_rises_with_tactics_and_engines_until_a_person_rates_it) {
  auto incident = opened();
  incident = apply(
      incident,
      command::AddAlert{
          make_alert({.rule = "guess-ok", .second = 5, .severity = 60, .attack = {"T1110.001", "credential_access"}})},
      at(70));
  EXPECT_EQ(incident.severity, 60);
  incident = apply(incident,
                   command::AddAlert{make_alert({.rule = "shell",
                                                 .second = 6,
                                                 .engine = rules::Engine::yara,
                                                 .severity = 60,
                                                 .attack = {"persistence", "T1505.003"}})},
                   at(71));
  EXPECT_EQ(incident.severity, 70);  // second tactic, second engine
  incident = apply(incident, command::Rate{20, "lab machine"}, at(72));
  incident = apply(incident, command::AddAlert{make_alert({.rule = "more", .second = 7, .severity = 99})}, at(73));
  EXPECT_EQ(incident.severity, 20);
}

TEST(Decide, severity_is_capped) {
  std::vector<IncidentAlert> alerts;
  for (const char* tactic : {"execution", "persistence", "discovery", "collection", "exfiltration", "impact"}) {
    IncidentAlert alert;
    alert.severity = 80;
    alert.attack = {tactic};
    alert.engine = static_cast<rules::Engine>(alerts.size() % 4);
    alerts.push_back(alert);
  }
  EXPECT_EQ(rate_severity(alerts), 100);  // 80 + 15 + 10, capped
  alerts.resize(1);
  EXPECT_EQ(rate_severity(alerts), 80);
}

TEST(Decide, absorbing_keeps_everything_of_both) {
  auto one = opened();
  auto two = opened(second_id, "INC-2026-0002", 100);
  two = apply(two, command::Note{"seen from the bastion"}, at(200));
  two = apply(two, command::AddEvidence{{sha256(as_bytes("x")), "shell.php", 1, at(150)}}, at(210));
  const auto changes = decide(one, command::Absorb{two, "same actor"}, analyst, ManualClock(at(300)));
  ASSERT_TRUE(changes);
  for (const auto& change : *changes) {
    EXPECT_EQ(parse_change(render_json(change)).value(), change);
    one = evolve(std::move(one), change);
    two = evolve(std::move(two), change);
  }
  EXPECT_EQ(one.alerts.size(), 2U);
  EXPECT_EQ(one.alert_count, 2U);
  EXPECT_EQ(one.evidence.size(), 1U);
  EXPECT_TRUE(std::ranges::is_sorted(one.timeline, {}, &TimelineEntry::time));
  EXPECT_EQ(one.times.last_event, at(100));
  EXPECT_EQ(two.merged_into, first_id);
  EXPECT_EQ(two.state, IncidentState::closed);
  EXPECT_EQ(two.verdict, Verdict::duplicate);
  EXPECT_EQ(refusal(two, command::Note{"too late"}), Code::conflict);
  EXPECT_EQ(refusal(one, command::Absorb{one, "itself"}), Code::usage);
}

TEST(Decide, a_split_moves_alerts_and_leaves_the_rest) {
  auto incident = opened();
  const auto other = make_alert({.rule = "scan", .second = 50, .severity = 90, .entities = {from("198.51.100.4")}});
  incident = apply(incident, command::AddAlert{other}, at(80));
  EXPECT_EQ(incident.severity, 90);
  EXPECT_EQ(refusal(incident, command::Split{{rules::AlertId{1, 2}}, second_id, "INC-2026-0002", "no"}),
            Code::not_found);
  const auto changes = decide(incident, command::Split{{other.id}, second_id, "INC-2026-0002", "another actor"},
                              analyst, ManualClock(at(90)));
  ASSERT_TRUE(changes);
  const auto fresh = fold(*changes, second_id);
  for (const auto& change : *changes) incident = evolve(std::move(incident), change);
  EXPECT_EQ(incident.alerts.size(), 1U);
  EXPECT_EQ(incident.severity, 40);
  EXPECT_EQ(incident.times.last_event, at(0));
  ASSERT_EQ(fresh.alerts.size(), 1U);
  EXPECT_EQ(fresh.severity, 90);
  EXPECT_EQ(fresh.alias, "INC-2026-0002");
}

TEST(Decide, a_containing_playbook_step_sets_the_time_to_contain) {
  auto incident = opened();
  incident = apply(incident,
                   command::RecordRun{{.run = {first_id.uuid},
                                       .playbook = "Block the guesser",
                                       .phase = change::RunPhase::step,
                                       .step = "Block",
                                       .action = "network.block_address",
                                       .mode = "apply",
                                       .outcome = "applied",
                                       .text = "203.0.113.9 for 1h",
                                       .contained = true}},
                   at(90));
  EXPECT_EQ(measure(incident).to_contain, std::chrono::seconds(90));
  EXPECT_EQ(incident.timeline.back().text,
            "Block the guesser · Block · network.block_address [apply] applied: 203.0.113.9 for 1h");
}

Result<Incident> as(const std::string& name, Incident incident, const Command& command, Time now) {
  const auto changes = decide(incident, command, Actor{7, 7, name}, ManualClock(now));
  if (!changes) return std::unexpected(changes.error());
  for (const auto& change : *changes) {
    const auto back = parse_change(render_json(change));
    EXPECT_TRUE(back && *back == change);
    incident = evolve(std::move(incident), change);
  }
  return incident;
}

using change::HandoverEnd;
constexpr Duration hour = std::chrono::hours(1);

TEST(Handover, stays_with_the_owner_until_the_other_accepts) {
  auto incident = opened();
  EXPECT_EQ(as("linh", incident, command::OfferHandover{"bao", {}, hour, "r"}, at(0)).error().code, Code::conflict);
  incident = apply(incident, command::Assign{"linh"}, at(100));
  const command::OfferHandover offer{"bao", {}, hour, "end of shift"};
  EXPECT_EQ(as("eve", incident, offer, at(100)).error().code, Code::denied);
  for (const auto& wrong :
       {command::OfferHandover{"", {}, hour, "r"}, command::OfferHandover{"linh", {}, hour, "r"},
        command::OfferHandover{"bao", {"bao"}, hour, "r"}, command::OfferHandover{"bao", {}, hour, ""},
        command::OfferHandover{"bao", {}, std::chrono::seconds(1), "r"}})
    EXPECT_EQ(as("linh", incident, wrong, at(100)).error().code, Code::usage);
  incident = as("linh", incident, offer, at(100)).value();
  EXPECT_EQ(incident.owner, "linh");
  ASSERT_TRUE(incident.handover);
  EXPECT_EQ(incident.handover->answer_by, at(3700));
  EXPECT_EQ(as("linh", incident, offer, at(100)).error().code, Code::conflict);
  const command::AnswerHandover accept{HandoverEnd::accepted, "mine"};
  EXPECT_EQ(as("eve", incident, accept, at(200)).error().code, Code::denied);
  EXPECT_EQ(as("bao", incident, command::AnswerHandover{HandoverEnd::withdrawn, "no"}, at(200)).error().code,
            Code::denied);
  EXPECT_EQ(as("bao", incident, accept, at(3700)).error().code, Code::conflict);
  const auto accepted = as("bao", incident, accept, at(200)).value();
  EXPECT_EQ(accepted.owner, "bao");
  EXPECT_FALSE(accepted.handover);
  EXPECT_EQ(accepted.timeline.back().text, "bao accepted it: mine");
  EXPECT_EQ(as("bao", accepted, accept, at(200)).error().code, Code::conflict);
  const auto returned = as("bao", incident, command::AnswerHandover{HandoverEnd::returned, "ill"}, at(200)).value();
  EXPECT_EQ(returned.owner, "linh");
  EXPECT_EQ(returned.timeline.back().text, "bao gave it back: ill");
  const auto kept = as("linh", incident, command::AnswerHandover{HandoverEnd::withdrawn, "I stay"}, at(200)).value();
  EXPECT_EQ(kept.owner, "linh");
  EXPECT_FALSE(kept.handover);
  EXPECT_FALSE(as("eve", incident, command::Assign{"eve"}, at(200))->handover);
  EXPECT_FALSE(as("linh", incident, command::Close{Verdict::other, "over", {}}, at(200))->handover);
}

TEST(Handover, silence_goes_on_and_then_stays_where_it_was) {
  auto incident = apply(opened(), command::Assign{"linh"}, at(100));
  incident = as("linh", incident, command::OfferHandover{"bao", {"chi"}, hour, "r"}, at(100)).value();
  const command::PassHandover pass;
  EXPECT_EQ(as("tocsind", incident, pass, at(3699))->revision, incident.revision);
  incident = as("tocsind", incident, pass, at(3700)).value();
  EXPECT_EQ(incident.handover->to, "chi");
  EXPECT_EQ(incident.handover->answer_by, at(7300));
  EXPECT_NE(incident.timeline.back().text.find("bao did not answer; offered to chi"), std::string::npos);
  incident = as("tocsind", incident, pass, at(7300)).value();
  EXPECT_FALSE(incident.handover);
  EXPECT_EQ(incident.owner, "linh");
  EXPECT_NE(incident.timeline.back().text.find("it stays with linh"), std::string::npos);
}

TEST(Change, what_cannot_be_understood_is_refused) {
  EXPECT_FALSE(parse_change("{"));
  EXPECT_FALSE(parse_change("[]"));
  const auto good = render_json(Change{first_id, at(0), analyst, change::Noted{"x"}});
  ASSERT_TRUE(parse_change(good));
  auto newer = good;
  newer.replace(newer.find("\"v\":1"), 5, "\"v\":2");
  EXPECT_EQ(parse_change(newer).error().code, Code::conflict);
  auto unknown = good;
  unknown.replace(unknown.find("noted"), 5, "sworn");
  EXPECT_EQ(parse_change(unknown).error().code, Code::invalid);
  auto missing = good;
  missing.replace(missing.find("\"text\""), 6, "\"tex_\"");
  EXPECT_FALSE(parse_change(missing));
}

TEST(Decide, an_incident_is_marked_as_its_strictest_alert_for_good) {
  auto incident = opened();
  EXPECT_EQ(incident.tlp, rules::Tlp::none);
  const auto red =
      make_alert({.rule = "listed", .second = 30, .entities = {from("203.0.113.9")}, .tlp = rules::Tlp::red});
  incident = apply(incident, command::AddAlert{red}, at(90));
  incident = apply(incident, command::AddAlert{make_alert({.second = 40, .entities = {from("203.0.113.10")}})}, at(95));
  EXPECT_EQ(incident.tlp, rules::Tlp::red);
  EXPECT_NE(render_json(incident).find("\"incident.tlp\":\"red\""), std::string::npos);
  const auto told = withhold(incident);
  const auto text = render_json(told) + render_markdown(told);
  EXPECT_EQ(text.find("203.0.113"), std::string::npos);
  EXPECT_EQ(text.find("Title of"), std::string::npos);
  EXPECT_NE(text.find("withheld: TLP:RED"), std::string::npos);
  EXPECT_NE(text.find("INC-2026-0001"), std::string::npos);
  EXPECT_EQ(told.alert_count, incident.alert_count);
}

}  // namespace
}  // namespace tocsin::responders
