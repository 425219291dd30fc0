// Outages that responders of others caused, each under the number it was reported with: none of them happens here.
#include "tests/unit/responders/guard/rules_fixture.h"

namespace tocsin::responders {
namespace {

using Disaster = RulesTest;

Network network(const char* text) { return *parse_network(text, HostBits::refuse); }

// The allow-list was read, and asked by nobody.
TEST_F(Disaster, wazuh_14067_13969_the_allow_list_holds_for_every_action_at_plan_and_apply) {
  policy_.never_touch = {network("203.0.113.0/28")};
  const auto guard = open();
  int asked = 0;
  for (const ActionRow& row : all_actions())
    for (const ParameterSpec& parameter : row.spec.parameters)
      if (row.make != nullptr && parameter.type == ParameterType::network) {
        const ActionRequest request_ = request(row.spec.name.data(), {{std::string(parameter.name), "203.0.113.5"}},
                                               "k" + std::to_string(++asked));
        EXPECT_EQ(guard->rehearse(request_, peer(1000))->verdict.rule, "never_touch") << row.spec.name;
        EXPECT_NE(refusal(*guard, request_).find("(never_touch)"), std::string::npos) << row.spec.name;
      }
  EXPECT_EQ(asked, 3);
  EXPECT_TRUE(effects_.empty());
}

// An entry of the allow-list silenced responses that had nothing to do with it.
TEST_F(Disaster, wazuh_4422_32531_an_allowed_network_shields_nobody_else) {
  policy_.never_touch = {network("198.51.100.0/24")};
  const auto guard = open();
  EXPECT_EQ(state(*guard, block("203.0.113.9", "a")), Outcome::State::applied);
  EXPECT_EQ(state(*guard, request("network.block_port", {{"port", "8080"}}, "b")), Outcome::State::applied);
}

// No time-out was set, so users of good faith were cut off for ever.
TEST_F(Disaster, wazuh_22635_nothing_is_without_an_end) {
  const auto guard = open();
  for (const ActionRow& row : all_actions()) {
    if (row.spec.reversibility == Reversibility::irreversible) continue;
    const ParameterSpec* ttl = row.spec.find("ttl");
    // A file in quarantine is out of reach of nobody but its reader; it is put back by a person only.
    if (row.spec.blast_radius == BlastRadius::file) continue;
    ASSERT_NE(ttl, nullptr) << row.spec.name;
    EXPECT_LE(std::get<Duration>(parse_parameter(*ttl, ttl->fallback).value()), policy_.ttl_most) << row.spec.name;
  }
  ASSERT_EQ(state(*guard, block("203.0.113.9", "a")), Outcome::State::applied);
  EXPECT_TRUE(guard->ledger().find("a")->expires.has_value());
}

// A restart forgot when to take routes back.
TEST_F(Disaster, wazuh_376_a_restart_keeps_the_end) {
  auto guard = open();
  ASSERT_EQ(state(*guard, request("user.lock", {{"account", "somebody"}, {"ttl", "1h"}}, "a")),
            Outcome::State::applied);
  const auto end = guard->ledger().find("a")->expires;
  pass(std::chrono::minutes(30));
  guard = open();
  EXPECT_EQ(guard->ledger().find("a")->expires, end);
  EXPECT_TRUE(effect("user.lock somebody"));
  pass(std::chrono::minutes(31));
  guard->tick();
  EXPECT_FALSE(effect("user.lock somebody"));
}

// Only the first attacker was blocked; the others were taken for it.
TEST_F(Disaster, wazuh_9370_the_second_attacker_is_another) {
  const auto guard = open();
  for (int i = 1; i <= 20; ++i)
    EXPECT_EQ(state(*guard, block(("203.0.113." + std::to_string(i)).c_str(), "k" + std::to_string(i))),
              Outcome::State::applied);
  EXPECT_EQ(effects_.size(), 20U);
}

// Whoever came back was never blocked again, or for ever; or nothing worked after the first time.
TEST_F(Disaster, wazuh_15171_15585_25784_whoever_comes_back_is_blocked_again_for_a_time) {
  const auto guard = open();
  for (int round = 0; round < 20; ++round) {
    ASSERT_EQ(state(*guard, block("203.0.113.9", "k" + std::to_string(round))), Outcome::State::applied) << round;
    EXPECT_EQ(*guard->ledger().find("k" + std::to_string(round))->expires, clock_.now() + std::chrono::hours(1));
    pass(std::chrono::minutes(90));
    guard->tick();
    effects_.clear();  // the kernel's part
    EXPECT_EQ(guard->status().live, 0U);
  }
}

// An address was allowed, and stayed banned.
TEST_F(Disaster, crowdsec_3547_allowing_an_address_takes_its_block_back) {
  const auto guard = open();
  ASSERT_EQ(state(*guard, block("203.0.113.9", "a")), Outcome::State::applied);
  policy_.never_touch = {network("203.0.113.0/24")};
  guard->policy_changed();
  EXPECT_TRUE(effects_.empty());
  EXPECT_EQ(guard->ledger().find("a")->state, EntryState::undone);
}

// A range was taken whose middle was allowed.
TEST_F(Disaster, crowdsec_3734_a_range_that_holds_an_allowed_address_is_refused) {
  policy_.never_touch = {network("203.0.113.77")};
  policy_.prefix_least_v4 = 8;
  const auto guard = open();
  for (const char* range : {"203.0.113.0/24", "203.0.113.76/30", "203.0.0.0/16", "203.0.113.77"})
    EXPECT_NE(refusal(*guard, block(range, std::string("k") + std::to_string(std::hash<std::string>{}(range))))
                  .find("(never_touch)"),
              std::string::npos)
        << range;
  EXPECT_EQ(state(*guard, block("203.0.113.0/26", "beside")), Outcome::State::applied);
}

// The list was asked where decisions are made, not where they are carried out.
TEST_F(Disaster, firewall_bouncer_387_what_became_allowed_since_the_plan_is_refused) {
  policy_.mode = GuardMode::approve;
  const auto guard = open();
  ASSERT_EQ(state(*guard, block("203.0.113.9", "a")), Outcome::State::pending);
  policy_.never_touch = {network("203.0.113.9")};
  EXPECT_NE(guard->approve("a", "yes", peer(2000)).error().message.find("(never_touch)"), std::string::npos);
  EXPECT_TRUE(effects_.empty());
}

// The host banned itself, and its proxy answered 502.
TEST_F(Disaster, fail2ban_1718_jabali_802_the_host_never_blocks_itself) {
  facts_.networks = {{network("198.51.100.2"), "own address on eth0"}};
  const auto guard = open();
  EXPECT_NE(refusal(*guard, block("198.51.100.2", "a")).find("own address on eth0"), std::string::npos);
  EXPECT_NE(refusal(*guard, block("127.0.0.1", "b")).find("loopback"), std::string::npos);
}

// What a person had unbanned was banned again by a restart.
TEST_F(Disaster, fail2ban_2615_what_was_undone_stays_undone) {
  auto guard = open();
  ASSERT_EQ(state(*guard, block("203.0.113.9", "a")), Outcome::State::applied);
  ASSERT_TRUE(guard->undo("a", "a customer", peer(1000)).has_value());
  guard = open();
  guard->tick();
  EXPECT_TRUE(effects_.empty());
  EXPECT_EQ(guard->apply(block("203.0.113.9", "a"), peer(1000)).error().code, Code::conflict);
  EXPECT_TRUE(effects_.empty());
}

// "The user knows better": a ban by hand went past the list.
TEST_F(Disaster, fail2ban_3853_a_person_is_judged_too) {
  policy_.never_touch = {network("203.0.113.9")};
  const auto guard = open();
  ActionRequest asked = block("203.0.113.9", "a");
  asked.behalf.uid = 4000;
  asked.rule.clear();
  EXPECT_NE(refusal(*guard, asked).find("(never_touch)"), std::string::npos);
}

// Nobody could tell why something was not banned.
TEST_F(Disaster, fail2ban_3916_a_refusal_says_what_and_why) {
  facts_.networks = {{network("198.51.100.1"), "default gateway"}};
  const auto guard = open();
  const std::string said = refusal(*guard, block("198.51.100.0/24", "a"));
  EXPECT_NE(said.find("198.51.100.1"), std::string::npos);
  EXPECT_NE(said.find("default gateway"), std::string::npos);
  EXPECT_EQ(guard->status().sequence, 1U);  // and it is in the record
}

// The administrator was locked out, after a reboot once more.
TEST_F(Disaster, mail_in_a_box_775_whoever_works_here_is_not_locked_out) {
  const auto guard = open();
  ASSERT_EQ(state(*guard, block("203.0.113.9", "a")), Outcome::State::applied);
  facts_.networks = {{network("203.0.113.9"), "operator connected to a management port"}};
  pass(std::chrono::seconds(10));
  guard->tick();
  EXPECT_TRUE(effects_.empty());
  EXPECT_NE(refusal(*guard, block("203.0.113.9", "b")).find("operator"), std::string::npos);
}

// A name that an attacker chose for himself named his victim.
TEST_F(Disaster, fail2ban_432_1479_text_of_others_never_becomes_a_target) {
  const auto guard = open();
  for (const char* text :
       {"203.0.113.9; rm -rf /", "203.0.113.9\n198.51.100.1", "$(id)", "203.0.113.9 timeout 0s }", "203.0.113.9/33",
        "0x7f000001", "203.0.113.09", "203.0.113", "::ffff:198.51.100.1", "example.org", "'203.0.113.9'", "\x1b[2J",
        "203.0.113.9#", " 203.0.113.9", "fe80::1%eth0", "203.0.113.1/24", "203.0.113.9,198.51.100.1", ""}) {
    const auto applied = guard->apply(block(text, "k"), peer(1000));
    EXPECT_FALSE(applied.has_value()) << text;
  }
  EXPECT_TRUE(effects_.empty());
}

// A datagram with a forged source had its victim blocked.
TEST_F(Disaster, docker_fail2ban_9_a_forged_source_blocks_nobody) {
  const auto guard = open();
  ActionRequest asked = block("203.0.113.9", "a");
  asked.source = SourceProof::spoofable;
  EXPECT_EQ(state(*guard, asked), Outcome::State::pending);
  EXPECT_TRUE(effects_.empty());
}

// Runs hung for days, or were lost.
TEST_F(Disaster, shuffle_979_stackstorm_4968_nothing_waits_for_ever) {
  policy_.mode = GuardMode::approve;
  const auto guard = open();
  ASSERT_EQ(state(*guard, block("203.0.113.9", "a")), Outcome::State::pending);
  pass(policy_.approval_expires + std::chrono::seconds(1));
  EXPECT_EQ(guard->apply(block("203.0.113.9", "a"), peer(1000)).error().code, Code::denied);
  EXPECT_EQ(guard->ledger().find("a")->state, EntryState::failed);
}

// A response set off the detection that set off the response.
TEST_F(Disaster, shuffle_1482_1708_a_response_to_a_response_comes_to_rest) {
  const auto guard = open();
  int applied = 0;
  for (std::uint8_t depth = 0; depth < 20; ++depth) {
    ActionRequest asked = block(("203.0.113." + std::to_string(depth + 1)).c_str(), "k" + std::to_string(depth));
    asked.depth = depth;
    applied += guard->apply(asked, peer(1000)).has_value() ? 1 : 0;
  }
  EXPECT_EQ(applied, policy_.depth_most + 1);
}

// Anyone could talk with it.
TEST_F(Disaster, soarca_open_door_nobody_without_a_role_is_served) {
  const auto guard = open();
  for (const std::uint32_t uid : {0U, 1U, 65534U, 4000U}) {
    EXPECT_EQ(guard->apply(block("203.0.113.9", "k" + std::to_string(uid)), peer(uid)).error().code, Code::denied);
    EXPECT_EQ(guard->undo("none", "x", peer(uid)).error().code, Code::not_found);
    EXPECT_EQ(guard->resume("x", peer(uid)).error().code, Code::denied);
  }
  EXPECT_TRUE(effects_.empty());
}

}  // namespace
}  // namespace tocsin::responders
