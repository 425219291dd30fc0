// The guard's rules beyond the first: who may decide alone, how much at once, for how long, and what is taken back.
#include <sys/stat.h>
#include <sys/wait.h>

#include <csignal>

#include "responders/action/processes/processes.h"
#include "tests/unit/responders/guard/rules_fixture.h"

namespace tocsin::responders {
namespace {

constexpr const char* blocked = "network.block_address 203.0.113.9";

TEST_F(RulesTest, the_strictest_of_action_detection_and_asset_counts) {
  policy_.rule_modes["rule-2"] = GuardMode::approve;
  policy_.asset_modes[5] = GuardMode::rehearse;
  const auto guard = open();
  EXPECT_EQ(state(*guard, block("203.0.113.1", "a")), Outcome::State::applied);
  ActionRequest other = block("203.0.113.2", "b");
  other.rule = "rule-2";
  EXPECT_EQ(state(*guard, other), Outcome::State::pending);
  ActionRequest precious = block("203.0.113.3", "c");
  precious.asset_level = 5;
  EXPECT_NE(refusal(*guard, precious).find("(mode)"), std::string::npos);
  policy_.modes["network.block_address"] = GuardMode::observe;
  EXPECT_NE(refusal(*guard, block("203.0.113.4", "d")).find("observe"), std::string::npos);
}

TEST_F(RulesTest, an_address_that_can_be_forged_is_never_blocked_by_a_program) {
  const auto guard = open();
  for (const SourceProof source : {SourceProof::spoofable, SourceProof::unstated}) {
    ActionRequest asked = block("203.0.113.9", "k" + std::to_string(static_cast<int>(source)));
    asked.source = source;
    EXPECT_EQ(state(*guard, asked), Outcome::State::pending);
    EXPECT_FALSE(effect(blocked));
  }
  // A person decides otherwise.
  ActionRequest asked = block("203.0.113.9", "person");
  asked.source = SourceProof::spoofable;
  asked.behalf.uid = 4000;
  EXPECT_EQ(state(*guard, asked), Outcome::State::applied);
  // What names no address has none to forge.
  ActionRequest local = request("network.block_port", {{"port", "8080"}}, "port");
  local.source = SourceProof::unstated;
  EXPECT_EQ(state(*guard, local), Outcome::State::applied);
}

TEST_F(RulesTest, in_a_maintenance_window_a_program_asks) {
  policy_.maintenance = {{1U << 5U, 22 * 60, 4 * 60}};  // Saturday 22:00 to Sunday 04:00
  const auto guard = open();
  EXPECT_EQ(state(*guard, block("203.0.113.1", "a")), Outcome::State::pending);
  ActionRequest person = block("203.0.113.2", "b");
  person.behalf.uid = 4000;
  EXPECT_EQ(state(*guard, person), Outcome::State::applied);
  pass(std::chrono::hours(4));
  EXPECT_EQ(state(*guard, block("203.0.113.3", "c")), Outcome::State::applied);
  pass(std::chrono::hours(18));  // Sunday 22:00
  EXPECT_EQ(state(*guard, block("203.0.113.4", "d")), Outcome::State::applied);
}

TEST_F(RulesTest, several_approvers_each_another_person_in_time) {
  policy_.quorum[static_cast<std::size_t>(BlastRadius::host)] = 2;
  auto guard = open();
  const ActionRequest isolate = request("network.isolate_host", {}, "k");
  EXPECT_EQ(state(*guard, isolate), Outcome::State::pending);
  EXPECT_EQ(guard->approve("k", "yes", peer(2000))->outcome.state, Outcome::State::pending);
  EXPECT_NE(guard->approve("k", "yes", peer(2000)).error().message.find("already"), std::string::npos);
  Peer same = peer(2002);
  same.login_uid = 7000;
  guard = open();  // approvals are in the journal
  EXPECT_EQ(guard->approve("k", "yes", peer(1000)).error().code, Code::denied);
  EXPECT_TRUE(effects_.empty());
  EXPECT_EQ(guard->approve("k", "yes", same)->outcome.state, Outcome::State::applied);
  EXPECT_EQ(effects_.size(), 1U);
  EXPECT_EQ(state(*guard, request("network.block_port", {{"port", "80"}}, "one")), Outcome::State::applied);
  ASSERT_TRUE(guard->undo("k", "over", peer(2000)).has_value());
  EXPECT_EQ(state(*guard, request("network.isolate_host", {}, "late")), Outcome::State::pending);
  EXPECT_EQ(guard->approve("late", "yes", peer(2000))->outcome.state, Outcome::State::pending);
  pass(std::chrono::hours(2));
  EXPECT_EQ(guard->approve("late", "yes", peer(2001)).error().code, Code::conflict);
}

TEST_F(RulesTest, caps_by_detection_and_by_reach) {
  policy_.rule_per_minute = 2;
  policy_.blast_most[static_cast<std::size_t>(BlastRadius::service)] = 1;
  policy_.trip_after = 100;
  const auto guard = open();
  EXPECT_EQ(state(*guard, block("203.0.113.1", "a")), Outcome::State::applied);
  EXPECT_EQ(state(*guard, block("203.0.113.2", "b")), Outcome::State::applied);
  EXPECT_NE(refusal(*guard, block("203.0.113.3", "c")).find("(rate)"), std::string::npos);
  ActionRequest other = block("203.0.113.3", "d");
  other.rule = "rule-2";
  EXPECT_EQ(state(*guard, other), Outcome::State::applied);
  pass(std::chrono::minutes(2));
  EXPECT_EQ(state(*guard, request("network.block_port", {{"port", "80"}}, "e")), Outcome::State::applied);
  EXPECT_NE(refusal(*guard, request("network.block_port", {{"port", "81"}}, "f")).find("(blast)"), std::string::npos);
}

TEST_F(RulesTest, trouble_stops_automation_until_somebody_resumes) {
  policy_.trip_after = 3;
  auto guard = open();
  fakes_["network.block_address"]->broken = true;
  for (const char* key : {"a", "b", "c"}) EXPECT_FALSE(guard->apply(block("203.0.113.9", key), peer(1000)).has_value());
  EXPECT_EQ(guard->status().tripped, (std::vector<std::string>{"network.block_address"}));
  guard = open();  // over a restart too
  EXPECT_EQ(state(*guard, block("203.0.113.9", "d")), Outcome::State::pending);
  EXPECT_EQ(state(*guard, request("network.block_port", {{"port", "80"}}, "other")), Outcome::State::applied);
  EXPECT_TRUE(guard->resume("mended", peer(2000)).has_value());
  EXPECT_TRUE(guard->status().tripped.empty());
  EXPECT_EQ(state(*guard, block("203.0.113.9", "e")), Outcome::State::applied);
}

TEST_F(RulesTest, a_loop_comes_to_rest) {
  const auto guard = open();
  ActionRequest deep = block("203.0.113.9", "deep");
  deep.depth = 4;
  EXPECT_NE(refusal(*guard, deep).find("(loop)"), std::string::npos);
  deep.depth = 3;
  deep.key = "deep-enough";
  EXPECT_EQ(state(*guard, deep), Outcome::State::applied);
  // Undone and done again and again: a program must wait, a person need not.
  ASSERT_TRUE(guard->undo("deep-enough", "over", peer(1000)).has_value());
  EXPECT_EQ(state(*guard, block("203.0.113.9", "again")), Outcome::State::pending);
  ActionRequest person = block("203.0.113.9", "person");
  person.behalf.uid = 4000;
  EXPECT_EQ(state(*guard, person), Outcome::State::applied);
  EXPECT_EQ(state(*guard, block("203.0.113.8", "another")), Outcome::State::applied);
  ASSERT_TRUE(guard->undo("another", "over", peer(1000)).has_value());
  pass(std::chrono::minutes(2));
  EXPECT_EQ(state(*guard, block("203.0.113.8", "later")), Outcome::State::applied);
}

TEST_F(RulesTest, everything_has_its_time) {
  auto guard = open();
  EXPECT_EQ(state(*guard, request("user.lock", {{"account", "somebody"}, {"ttl", "2h"}}, "a")),
            Outcome::State::applied);
  EXPECT_EQ(state(*guard, block("203.0.113.9", "b")), Outcome::State::applied);
  guard->tick();
  EXPECT_TRUE(effect("user.lock somebody"));
  pass(std::chrono::hours(3));
  guard = open();  // the responder was away when the time was over
  EXPECT_FALSE(effect("user.lock somebody"));
  EXPECT_EQ(guard->ledger().find("a")->state, EntryState::undone);
  EXPECT_EQ(guard->ledger().find("b")->state, EntryState::gone);
  EXPECT_NE(refusal(*guard, request("user.lock", {{"account", "somebody"}, {"ttl", "48h"}}, "c")).find("(ttl)"),
            std::string::npos);
}

TEST_F(RulesTest, what_cannot_be_undone_is_tried_again_and_does_not_fill_the_journal) {
  const auto guard = open();
  ASSERT_EQ(state(*guard, request("user.lock", {{"account", "somebody"}, {"ttl", "1h"}}, "a")),
            Outcome::State::applied);
  fakes_["user.lock"]->stuck = true;
  pass(std::chrono::hours(1));
  for (int second = 0; second < 50; ++second) {
    guard->tick();
    pass(std::chrono::seconds(1));
  }
  EXPECT_EQ(guard->status().sequence, 4U);  // intent, applied, undo begun, undo failed
  EXPECT_EQ(guard->status().unsettled, 1U);
  fakes_["user.lock"]->stuck = false;
  pass(std::chrono::minutes(1));
  guard->tick();
  EXPECT_EQ(guard->ledger().find("a")->state, EntryState::undone);
  EXPECT_TRUE(effects_.empty());
}

TEST_F(RulesTest, what_nobody_confirms_is_undone) {
  policy_.confirm_within["network.isolate_host"] = std::chrono::minutes(5);
  const auto guard = open();
  for (const bool confirmed : {false, true}) {
    const std::string key = confirmed ? "yes" : "no";
    ActionRequest asked = request("network.isolate_host", {}, key);
    asked.behalf.uid = 4000;
    ASSERT_EQ(state(*guard, asked), Outcome::State::applied);
    if (confirmed) {
      EXPECT_EQ(guard->approve(key, "within reach", peer(3000)).error().code, Code::denied);
      EXPECT_TRUE(guard->approve(key, "within reach", peer(2000)).has_value());
    }
    pass(std::chrono::minutes(6));
    guard->tick();
    EXPECT_EQ(effects_.size(), confirmed ? 1U : 0U);
  }
}

TEST_F(RulesTest, a_lapsed_lease_is_not_taken_up_again) {
  auto guard = open();
  ASSERT_EQ(state(*guard, request("network.isolate_host", {}, "k")), Outcome::State::applied);
  fakes_["network.isolate_host"]->renewal = Renewal::lapsed;
  guard->tick();
  EXPECT_EQ(guard->ledger().find("k")->state, EntryState::gone);
  EXPECT_EQ(guard->status().live, 0U);
}

TEST_F(RulesTest, live_blocks_are_looked_at_again) {
  const auto guard = open();
  ASSERT_EQ(state(*guard, block("203.0.113.9", "a")), Outcome::State::applied);
  ASSERT_EQ(state(*guard, block("203.0.114.0/24", "b")), Outcome::State::applied);
  ASSERT_EQ(state(*guard, block("203.0.115.9", "c")), Outcome::State::applied);
  policy_.never_touch = {*parse_network("203.0.114.128/25", HostBits::refuse)};
  guard->policy_changed();
  EXPECT_EQ(guard->ledger().find("b")->state, EntryState::undone);
  EXPECT_TRUE(effect(blocked));
  // The default gateway has a new address.
  facts_.networks = {{*parse_network("203.0.113.9", HostBits::refuse), "default gateway"}};
  pass(std::chrono::seconds(10));
  guard->tick();
  EXPECT_FALSE(effect(blocked));
  EXPECT_NE(guard->ledger().find("a")->request.reason.size(), 0U);
  EXPECT_EQ(guard->ledger().find("c")->state, EntryState::applied);
}

TEST_F(RulesTest, a_name_alone_protects_no_process) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root: gives a file away";
  const auto guard = open();
  const std::string program = folder_ + "/tocsin-sleeper";
  std::filesystem::copy_file("/bin/sleep", program);
  ASSERT_EQ(0, ::chmod(folder_.c_str(), 0755));
  const auto rule_for = [&](uid_t owner) {
    EXPECT_EQ(0, ::chown(program.c_str(), owner, owner));
    const pid_t pid = ::fork();
    if (pid == 0) {
      ::execl(program.c_str(), program.c_str(), "60", nullptr);
      ::_exit(1);
    }
    for (int i = 0; i < 5000 && read_process(pid)->executable != program; ++i) ::usleep(1000);
    const auto told = guard->rehearse(request("process.kill", {{"pid", std::to_string(pid)}}, "a"), peer(1000));
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    return told->verdict.rule;
  };
  EXPECT_EQ(rule_for(0), "never_touch");
  EXPECT_NE(rule_for(65534), "never_touch");
}

TEST_F(RulesTest, what_runs_this_host_is_not_touched) {
  policy_.break_glass = {"rescue"};
  policy_.never_touch_paths = {"/etc"};
  policy_.never_touch_units = {"postgresql.service"};
  const auto guard = open();
  const std::vector<ActionRequest> all{
      request("process.kill", {{"pid", "1"}}, "a"),
      request("process.kill", {{"pid", std::to_string(::getpid())}}, "b"),
      request("process.stop", {{"pid", "1"}, {"scope", "tree"}}, "c"),
      request("user.lock", {{"account", "root"}}, "d"),
      request("user.expire", {{"account", "rescue"}}, "e"),
      request("user.kill_sessions", {{"account", "tocsin"}}, "f"),
      request("service.stop", {{"unit", "ssh.service"}}, "g"),
      request("service.mask", {{"unit", "tocsind.service"}}, "h"),
      request("service.mask", {{"unit", "postgresql.service"}}, "i"),
      request("network.block_port", {{"port", "22"}}, "j"),
      request("file.quarantine", {{"path", "/etc/passwd"}}, "k"),
  };
  for (const ActionRequest& asked : all) {
    EXPECT_EQ(guard->rehearse(asked, peer(1000))->verdict.rule, "never_touch") << asked.action << asked.key;
    EXPECT_NE(refusal(*guard, asked).find("(never_touch)"), std::string::npos) << asked.action << asked.key;
  }
  EXPECT_TRUE(effects_.empty());
}

TEST(NeverTouchReaders, time_and_lease_servers) {
  const auto servers = parse_servers(
      "  sl  local_address rem_address   st\n  1: 0200090A:D431 4D643FC6:007B 01\n 2: 0200090A:0044 0100090A:0043 "
      "01\nx\n",
      123);
  ASSERT_EQ(servers.size(), 1U);
  EXPECT_EQ(render_address(servers[0]), "198.63.100.77");
  EXPECT_EQ(parse_lease("ADDRESS=10.0.0.5\nSERVER_ADDRESS=10.0.0.1\n").size(), 1U);
  EXPECT_EQ(parse_lease("lease {\n  option dhcp-server-identifier 10.0.0.1;\n}\nSERVER_ADDRESS=x\n").size(), 1U);
}

TEST(PolicyFile, further_settings) {
  Diagnostics found;
  const Policy policy = load_policy(R"(
rule_modes: {rule-1: approve}
asset_modes: {5: approve, 4: rehearse}
blast_most: {host: 1, peer: 50}
quorum: {host: 2}
trips: {after: 5, within: 1m}
maintenance: [{days: [sat, sun], from: "22:00", until: "04:00"}]
confirm_within: {network.isolate_host: 10m}
isolation: {management: [192.0.2.0/24, "2001:db8::/64"], proof: ["192.0.2.1:22", "[2001:db8::1]:22"], lease: 20s}
break_glass: [rescue]
never_touch_programs: [/usr/sbin/slapd]
never_touch_units: [slapd.service]
cooldown: 30s
depth_most: 2
rule_per_minute: 4
)",
                                    "p.yaml", found);
  EXPECT_TRUE(found.all().empty()) << render_text(found.all().front());
  EXPECT_EQ(policy.isolation.proof.size(), 2U);
  EXPECT_EQ(policy.mode_of("notify", "rule-1", 0), GuardMode::rehearse);
  EXPECT_EQ(policy.quorum[static_cast<std::size_t>(BlastRadius::host)], 2U);
  Diagnostics bad;
  load_policy(
      "isolation: {management: [192.0.2.0/24], proof: [\"host:22\", \"192.0.2.1\", \"198.51.100.1:22\"], lease: 1s}\n"
      "quorum: {host: 0, moon: 1}\nmaintenance: [{days: [someday], from: \"25:00\"}]\nasset_modes: {9: approve}\n"
      "confirm_within: {dance: 1m}\ntrips: 5\n",
      "p.yaml", bad);
  EXPECT_EQ(bad.errors(), 11U);
}

}  // namespace
}  // namespace tocsin::responders
