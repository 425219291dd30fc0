#include "responders/guard/guard.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "responders/action/table.h"
#include "responders/guard/protocol.h"
#include "responders/guard/server.h"

namespace tocsin::responders {
namespace {

constexpr std::array<ParameterSpec, 2> parameters_of_fake{{
    {"address", ParameterType::network, ParameterSpec::Presence::required, {}, "whom"},
    {"ttl", ParameterType::duration, ParameterSpec::Presence::optional, "1h", "how long"},
}};
constexpr ActionSpec fake_spec{"network.block_address", "fake",           parameters_of_fake, Capability::none,
                               Reversibility::expires,  BlastRadius::peer};
constexpr ActionSpec final_spec{
    "notify",      "fake", parameters_of_fake, Capability::none, Reversibility::irreversible, BlastRadius::message,
    Readback::none};

// Its effect is a file, so that it outlives a killed process.
class Fake final : public Action {
 public:
  enum class Death : std::uint8_t { never, before_effect, after_effect };
  Fake(std::string folder, const ActionSpec& spec, Death death)
      : folder_(std::move(folder)), spec_(spec), death_(death) {}
  const ActionSpec& spec() const noexcept override { return spec_; }
  Result<Forecast> rehearse(const Parameters&) override { return Forecast{}; }
  Result<Outcome> apply(const Parameters& parameters, std::string_view) override {
    if (death_ == Death::before_effect) ::_exit(9);
    std::ofstream(path(parameters), std::ios::app) << "x";
    if (death_ == Death::after_effect) ::_exit(9);
    Outcome out;
    out.summary = "blocked";
    out.expires_in = parameters.duration("ttl");
    return out;
  }
  Result<Verification> verify(const Parameters& parameters, std::string_view) override {
    return Verification{std::filesystem::exists(path(parameters)) ? Presence::in_effect : Presence::absent, "looked"};
  }
  Result<Outcome> undo(const Parameters& parameters, std::string_view, std::string_view) override {
    std::filesystem::remove(path(parameters));
    return Outcome{Outcome::State::undone, "gone", {}, {}, {}};
  }
  std::string path(const Parameters& parameters) const { return folder_ + "/effect-" + parameters.texts()[0].second; }

 private:
  const std::string folder_;
  const ActionSpec& spec_;
  const Death death_;
};

class FixedFacts final : public HostFacts {
 public:
  Result<std::vector<ProtectedNetwork>> protected_networks(const Policy&) override {
    if (blind) return fail(Code::unreachable, "no /proc");
    return networks;
  }
  std::vector<IpAddress> login_addresses(int) override { return logins; }
  std::vector<ProtectedNetwork> networks{{*parse_network("198.51.100.1", HostBits::refuse), "default gateway"}};
  std::vector<IpAddress> logins{*parse_address("198.51.100.77")};
  bool blind = false;
};

class GuardTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = "/tmp/tocsin-test-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    policy_.mode = GuardMode::automatic;
    policy_.responders.users = {1000};
    policy_.approvers.users = {2000};
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::unique_ptr<Guard> open(Fake::Death death = Fake::Death::never) {
    Guard::Actions actions;
    actions.push_back(std::make_unique<Fake>(folder_, fake_spec, death));
    actions.push_back(std::make_unique<Fake>(folder_, final_spec, death));
    auto guard = Guard::open(policy_, facts_, clock_, std::move(actions), folder_ + "/journal");
    EXPECT_TRUE(guard.has_value()) << (guard ? "" : guard.error().text());
    return guard ? std::move(*guard) : nullptr;
  }
  static ActionRequest request(std::string address, std::string key) {
    ActionRequest out;
    out.action = "network.block_address";
    out.key = std::move(key);
    out.parameters = {{"address", std::move(address)}};
    out.reason = "brute force";
    out.source = SourceProof::handshake;
    return out;
  }
  static Peer peer(std::uint32_t uid) {
    Peer out;
    out.uid = uid;
    return out;
  }
  std::string rule_of(const ActionRequest& asked, std::uint32_t uid = 1000) {
    return open()->rehearse(asked, peer(uid))->verdict.rule;
  }
  bool effect(const std::string& address) const { return std::filesystem::exists(folder_ + "/effect-" + address); }

  std::string folder_;
  Policy policy_;
  FixedFacts facts_;
  ManualClock clock_{Time{std::chrono::hours(24 * 365 * 50)}};
};

TEST_F(GuardTest, judges_alike_at_plan_and_at_apply) {
  for (const char* address : {"198.51.100.1", "198.51.100.0/24", "198.51.100.77", "127.0.0.1", "::1", "224.0.0.1"}) {
    EXPECT_EQ(rule_of(request(address, "k")), "never_touch") << address;
    EXPECT_EQ(open()->apply(request(address, std::string("k-") + std::to_string(address[0])), peer(1000)).error().code,
              Code::denied);
  }
  policy_.never_touch = {*parse_network("203.0.113.0/28", HostBits::refuse)};
  EXPECT_EQ(rule_of(request("203.0.113.0/24", "k")), "never_touch");
  EXPECT_EQ(rule_of(request("203.0.112.0/23", "k")), "never_touch");
  EXPECT_EQ(rule_of(request("192.0.0.0/16", "k")), "prefix");
  ActionRequest asked = request("203.0.113.99", "k");
  EXPECT_EQ(open()->rehearse(asked, peer(1000))->verdict.kind, GuardVerdict::Kind::allowed);
  EXPECT_EQ(rule_of(asked, 3000), "role");
  EXPECT_EQ(rule_of(asked, 0), "role");  // root approves nothing by default
  asked.reason = "  ";
  EXPECT_EQ(rule_of(asked), "reason");
  asked.parameters.emplace_back("ttl", "48h");
  EXPECT_EQ(rule_of(asked), "ttl");
  asked = request("203.0.113.99", "k");
  asked.marked = Marked::exercise;
  EXPECT_EQ(rule_of(asked), "exercise");
  facts_.blind = true;
  EXPECT_EQ(rule_of(request("203.0.113.99", "k")), "never_touch");
}

TEST_F(GuardTest, the_default_policy_applies_nothing) {
  Diagnostics diagnostics;
  policy_ = load_policy("", "none", diagnostics);
  policy_.responders.users = {1000};
  EXPECT_EQ(rule_of(request("203.0.113.9", "k")), "mode");
  EXPECT_EQ(open()->apply(request("203.0.113.9", "k"), peer(1000)).error().code, Code::denied);
  EXPECT_FALSE(effect("203.0.113.9"));
}

TEST_F(GuardTest, one_effect_per_key) {
  const auto guard = open();
  ASSERT_TRUE(guard->apply(request("203.0.113.9", "k"), peer(1000)).has_value());
  EXPECT_EQ(guard->apply(request("203.0.113.9", "k"), peer(1000))->outcome.state, Outcome::State::already);
  EXPECT_EQ(guard->apply(request("203.0.113.8", "k"), peer(1000)).error().code, Code::conflict);
  EXPECT_EQ(std::filesystem::file_size(folder_ + "/effect-203.0.113.9"), 1U);
  EXPECT_EQ(guard->apply(request("203.0.113.9", "bad key"), peer(1000)).error().code, Code::usage);
}

TEST_F(GuardTest, caps_per_minute_and_live) {
  policy_.per_minute = 2;
  policy_.live_most = 3;
  const auto guard = open();
  EXPECT_TRUE(guard->apply(request("203.0.113.1", "a"), peer(1000)));
  EXPECT_TRUE(guard->apply(request("203.0.113.2", "b"), peer(1000)));
  EXPECT_NE(guard->apply(request("203.0.113.3", "c"), peer(1000)).error().message.find("(rate)"), std::string::npos);
  clock_.advance_to(clock_.now() + std::chrono::minutes(2));
  EXPECT_TRUE(guard->apply(request("203.0.113.4", "d"), peer(1000)));
  EXPECT_NE(guard->apply(request("203.0.113.5", "e"), peer(1000)).error().message.find("(live)"), std::string::npos);
  clock_.advance_to(clock_.now() + std::chrono::hours(2));
  EXPECT_TRUE(guard->apply(request("203.0.113.6", "f"), peer(1000)));
}

TEST_F(GuardTest, four_eyes) {
  policy_.mode = GuardMode::approve;
  policy_.approvers.users = {1000, 2000};
  const auto guard = open();
  EXPECT_EQ(guard->apply(request("203.0.113.9", "k"), peer(1000))->outcome.state, Outcome::State::pending);
  EXPECT_EQ(guard->apply(request("203.0.113.9", "k"), peer(1000))->outcome.state, Outcome::State::pending);
  EXPECT_FALSE(effect("203.0.113.9"));
  EXPECT_EQ(guard->approve("k", "yes", peer(1000)).error().code, Code::denied);  // asked for it himself
  EXPECT_EQ(guard->approve("k", "yes", peer(3000)).error().code, Code::denied);
  EXPECT_EQ(guard->approve("k", "", peer(2000)).error().code, Code::usage);
  EXPECT_TRUE(guard->approve("k", "yes", peer(2000)).has_value());
  EXPECT_TRUE(effect("203.0.113.9"));
  EXPECT_EQ(guard->apply(request("203.0.113.9", "k"), peer(1000))->outcome.state, Outcome::State::already);
  EXPECT_EQ(guard->apply(request("203.0.113.8", "late"), peer(1000))->outcome.state, Outcome::State::pending);
  clock_.advance_to(clock_.now() + std::chrono::hours(2));
  EXPECT_EQ(guard->approve("late", "yes", peer(2000)).error().code, Code::conflict);
  EXPECT_EQ(guard->apply(request("203.0.113.8", "late"), peer(1000)).error().code, Code::denied);
  EXPECT_EQ(guard->ledger().find("late")->state, EntryState::failed);
}

TEST_F(GuardTest, whoever_had_a_program_ask_is_not_the_second_pair_of_eyes) {
  policy_.mode = GuardMode::approve;
  policy_.approvers.users = {2000, 3000};
  const auto guard = open();
  ActionRequest asked = request("203.0.113.9", "k");
  asked.behalf.uid = 2000;
  asked.behalf.login_uid = 5000;
  EXPECT_EQ(guard->apply(asked, peer(1000))->outcome.state, Outcome::State::pending);
  EXPECT_EQ(guard->approve("k", "yes", peer(2000)).error().code, Code::denied);
  Peer same = peer(3000);  // another user since the login
  same.login_uid = 5000;
  EXPECT_EQ(guard->approve("k", "yes", same).error().code, Code::denied);
  const auto reopened = open();  // the journal remembers for whom
  EXPECT_EQ(reopened->approve("k", "yes", peer(2000)).error().code, Code::denied);
  EXPECT_TRUE(reopened->approve("k", "yes", peer(3000)).has_value());
}

TEST_F(GuardTest, an_approval_in_time_does_not_end_the_effect) {
  policy_.mode = GuardMode::approve;
  const auto guard = open();
  ActionRequest asked = request("203.0.113.9", "k");
  asked.parameters.emplace_back("ttl", "3h");
  ASSERT_TRUE(guard->apply(asked, peer(1000)));
  ASSERT_TRUE(guard->approve("k", "yes", peer(2000)));
  clock_.advance_to(clock_.now() + std::chrono::hours(2));
  EXPECT_EQ(guard->status().live, 1U);
}

TEST_F(GuardTest, only_those_with_a_role_may_look) {
  policy_.viewers.users = {4000};
  policy_.own_user = 900;
  const auto guard = open();
  GuardRequest list;
  list.kind = GuardRequest::Kind::list;
  for (const std::uint32_t uid : {0U, 900U, 1000U, 2000U, 4000U})
    EXPECT_TRUE(parse_status(answer(*guard, render_request(list), peer(uid)).text)) << uid;
  for (const auto kind : {GuardRequest::Kind::list, GuardRequest::Kind::status, GuardRequest::Kind::verify,
                          GuardRequest::Kind::rehearse}) {
    list.kind = kind;
    list.request = request("203.0.113.9", "k");
    EXPECT_EQ(parse_status(answer(*guard, render_request(list), peer(7)).text).error().code, Code::denied);
  }
}

TEST_F(GuardTest, undo_keeps_what_another_holds) {
  const auto guard = open();
  ASSERT_TRUE(guard->apply(request("203.0.113.9", "a"), peer(1000)));
  ASSERT_TRUE(guard->apply(request("203.0.113.9", "b"), peer(1000)));
  EXPECT_TRUE(guard->undo("a", "done", peer(1000)));
  EXPECT_TRUE(effect("203.0.113.9"));
  EXPECT_TRUE(guard->undo("b", "done", peer(1000)));
  EXPECT_FALSE(effect("203.0.113.9"));
  EXPECT_TRUE(guard->undo("b", "again", peer(1000)));
  EXPECT_EQ(guard->undo("none", "x", peer(1000)).error().code, Code::not_found);
}

TEST_F(GuardTest, halt_undoes_and_stops_until_resumed) {
  auto guard = open();
  ASSERT_TRUE(guard->apply(request("203.0.113.9", "a"), peer(1000)));
  ASSERT_TRUE(guard->apply(request("203.0.113.8", "b"), peer(1000)));
  std::vector<std::string> failed;
  EXPECT_EQ(guard->halt("drill", peer(3000), failed).error().code, Code::denied);
  EXPECT_EQ(guard->halt("drill", peer(0), failed).value(), 2U);
  EXPECT_TRUE(failed.empty());
  EXPECT_FALSE(effect("203.0.113.9"));
  guard = open();  // it stays halted over a restart
  EXPECT_EQ(guard->apply(request("203.0.113.7", "c"), peer(1000)).error().code, Code::denied);
  EXPECT_EQ(guard->resume("over", peer(1000)).error().code, Code::denied);
  EXPECT_TRUE(guard->resume("over", peer(2000)));
  EXPECT_TRUE(guard->apply(request("203.0.113.7", "d"), peer(1000)));
}

TEST_F(GuardTest, a_crash_around_the_effect_converges) {
  for (const auto death : {Fake::Death::before_effect, Fake::Death::after_effect}) {
    const std::string key = death == Fake::Death::before_effect ? "before" : "after";
    const std::string address = death == Fake::Death::before_effect ? "203.0.113.1" : "203.0.113.2";
    const pid_t child = ::fork();
    if (child == 0) {
      static_cast<void>(open(death)->apply(request(address, key), peer(1000)));
      ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    ASSERT_EQ(WEXITSTATUS(status), 9);
    const auto guard = open();
    const EntryState state = guard->ledger().find(key)->state;
    EXPECT_EQ(state, death == Fake::Death::before_effect ? EntryState::failed : EntryState::applied);
    EXPECT_EQ(effect(address), state == EntryState::applied);
    EXPECT_EQ(guard->apply(request(address, key), peer(1000)).has_value(), state == EntryState::applied);
  }
  EXPECT_EQ(std::filesystem::file_size(folder_ + "/effect-203.0.113.2"), 1U);
}

TEST_F(GuardTest, what_cannot_be_read_back_is_never_done_twice) {
  ActionRequest asked = request("203.0.113.1", "mail");
  asked.action = "notify";
  const pid_t child = ::fork();
  if (child == 0) {
    static_cast<void>(open(Fake::Death::after_effect)->apply(asked, peer(1000)));
    ::_exit(0);
  }
  ::waitpid(child, nullptr, 0);
  const auto guard = open();
  EXPECT_EQ(guard->ledger().find("mail")->state, EntryState::unknown);
  EXPECT_EQ(guard->apply(asked, peer(1000))->outcome.state, Outcome::State::unknown);
  EXPECT_EQ(std::filesystem::file_size(folder_ + "/effect-203.0.113.1"), 1U);
}

TEST_F(GuardTest, an_outcome_that_a_power_cut_took_is_looked_up) {
  ActionRequest mail = request("203.0.113.1", "mail");
  mail.action = "notify";
  for (const ActionRequest& asked : {request("203.0.113.9", "block"), mail}) {
    {
      const auto guard = open();
      ASSERT_TRUE(guard->apply(asked, peer(1000)));
      EXPECT_FALSE(guard->rested());  // the outcome is written, the intent alone is sure
      guard->rest();
      EXPECT_TRUE(guard->rested());
    }
    const std::string path = folder_ + "/journal";
    std::ifstream file(path);
    std::string kept{std::istreambuf_iterator<char>(file), {}};
    kept.resize(kept.rfind('\n', kept.size() - 2) + 1);
    std::filesystem::resize_file(path, kept.size());
    clock_.advance_to(clock_.now() + std::chrono::minutes(1));
    const auto guard = open();
    const LedgerEntry& entry = *guard->ledger().find(asked.key);
    const bool readable = asked.action != "notify";
    EXPECT_EQ(entry.state, readable ? EntryState::applied : EntryState::unknown);
    // Its hour runs from the intent.
    if (readable) {
      EXPECT_EQ(entry.expires, clock_.now() + std::chrono::minutes(59));
    }
    EXPECT_EQ(guard->apply(asked, peer(1000))->outcome.state,
              readable ? Outcome::State::already : Outcome::State::unknown);
  }
  for (const char* address : {"203.0.113.9", "203.0.113.1"})
    EXPECT_EQ(std::filesystem::file_size(folder_ + "/effect-" + address), 1U);
}

TEST_F(GuardTest, what_has_no_effect_to_be_looked_up_is_sure_at_once) {
  policy_.mode = GuardMode::approve;
  const auto guard = open();
  ASSERT_TRUE(guard->apply(request("203.0.113.9", "k"), peer(1000)));
  EXPECT_TRUE(guard->rested());
  ASSERT_TRUE(guard->approve("k", "yes", peer(2000)));
  EXPECT_FALSE(guard->rested());
  std::vector<std::string> failed;
  ASSERT_TRUE(guard->halt("drill", peer(1000), failed));
  guard->tick();
  EXPECT_TRUE(guard->rested());
}

TEST_F(GuardTest, the_journal_shows_tampering_and_mends_a_torn_end) {
  ASSERT_TRUE(open()->apply(request("203.0.113.9", "a"), peer(1000)));
  const std::string path = folder_ + "/journal";
  std::ifstream file(path);
  const std::string whole{std::istreambuf_iterator<char>(file), {}};
  std::ofstream(path, std::ios::app) << "{\"seq\":3,\"torn";
  EXPECT_EQ(open()->status().sequence, 2U);
  std::string changed = whole;
  changed.replace(changed.find("brute force"), 11, "routine job");
  std::ofstream(path, std::ios::trunc) << changed;
  std::vector<GuardRecord> records;
  EXPECT_EQ(GuardJournal::open(path, records).error().code, Code::conflict);
  std::ofstream(path, std::ios::trunc) << whole.substr(whole.find('\n') + 1);  // first line taken out
  EXPECT_EQ(GuardJournal::open(path, records).error().code, Code::conflict);
}

// A journal whose end was cut off holds by itself; against what was told of it it does not.
TEST_F(GuardTest, the_journals_head_is_told_outside_of_it) {
  JournalAnchor anchor;
  EXPECT_EQ(anchor.tell(0, "", clock_.now()), std::nullopt);
  std::string told;
  {
    const auto guard = open();
    ASSERT_TRUE(guard->apply(request("203.0.113.1", "a"), peer(1000)));
    told = anchor.tell(guard->status().sequence, guard->status().head, clock_.now()).value_or("");
  }
  std::ifstream file(folder_ + "/journal");
  std::string line;
  std::string last;
  int lines = 0;
  for (; std::getline(file, line); ++lines) last = line;
  const std::string hash = last.substr(last.size() - 66, 64);
  EXPECT_EQ(told, fmt::format("anchor: line {} of the journal ends with {}", lines, hash));
  EXPECT_FALSE(anchor.is_due(clock_.now() + std::chrono::minutes(59)));
  EXPECT_TRUE(anchor.is_due(clock_.now() + JournalAnchor::interval));
  EXPECT_EQ(anchor.tell(static_cast<std::uint64_t>(lines), hash, clock_.now()), std::nullopt);
}

TEST_F(GuardTest, answers_any_bytes) {
  const auto guard = open();
  for (
      const char* body :
      {"", "{", "[]", "{}", R"({"version":2,"kind":"status"})", R"({"version":1,"kind":"dance"})",
       R"({"version":1,"kind":"apply","request":{"action":5}})", R"({"version":1,"kind":"apply"})",
       R"({"version":1,"kind":"apply","request":{"action":"network.block_address","key":"k","parameters":[["address"]]}})"})
    EXPECT_NE(answer(*guard, body, peer(1000)).text.find("\"ok\":false"), std::string::npos) << body;
  GuardRequest status;
  EXPECT_TRUE(parse_status(answer(*guard, render_request(status), peer(1000)).text).has_value());
  GuardRequest apply;
  apply.kind = GuardRequest::Kind::apply;
  apply.request = request("203.0.113.9", "wire");
  EXPECT_EQ(parse_applied(answer(*guard, render_request(apply), peer(1000)).text)->outcome.summary, "blocked");
  apply.kind = GuardRequest::Kind::rehearse;
  EXPECT_EQ(parse_rehearsed(answer(*guard, render_request(apply), peer(0)).text)->verdict.rule, "role");
  apply.request.behalf = {1000, 1001, 12};
  EXPECT_EQ(parse_request(render_request(apply))->request.behalf, apply.request.behalf);
}

TEST(Protocol, frames_are_capped) {
  EXPECT_EQ(frame_length(make_frame("abc").value(), frame_bytes_most), 3U);
  EXPECT_FALSE(make_frame(std::string(frame_bytes_most + 1, 'x')).has_value());
}

TEST(NeverTouch, reads_the_kernels_tables) {
  EXPECT_EQ(render_address(parse_gateways_v4("Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\n"
                                             "v0\t00000000\t0100090A\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
                                             "v0\t0000090A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n")
                               .at(0)),
            "10.9.0.1");
  EXPECT_EQ(
      render_address(parse_gateways_v6("00000000000000000000000000000000 00 00000000000000000000000000000000 00 "
                                       "fd000009000000000000000000000001 00000400 00000001 00000000 00000003 v0\n")
                         .at(0)),
      "fd00:9::1");
  const auto resolvers =
      parse_resolvers("# x\nnameserver 9.9.9.9\nsearch a\n nameserver fe80::1%eth0\nnameserver bad\n");
  ASSERT_EQ(resolvers.size(), 2U);
  const auto peers = parse_peers(
      "  sl  local_address rem_address   st\n"
      "   0: 0200090A:0016 4D643FC6:D431 01 00000000:00000000\n"
      "   1: 0200090A:0016 00000000:0000 0A 00000000:00000000\n"
      "   2: 0200090A:0050 4E643FC6:D431 01 00000000:00000000\n"
      "   3: 0000000000000000FFFF00000200090A:0016 0000000000000000FFFF00004F643FC6:D431 01\n"
      "broken line\n",
      {22});
  ASSERT_EQ(peers.size(), 2U);
  EXPECT_EQ(render_address(peers[0]), "198.63.100.77");
  EXPECT_EQ(render_address(peers[1]), "198.63.100.79");
}

TEST(PolicyFile, mistakes_have_a_place) {
  Diagnostics diagnostics;
  load_policy("mode: wild\nper_minute: -1\nnever_touch: [10.0.0.1/8]\ncolour: red\nchannels:\n  - {name: x}\n",
              "p.yaml", diagnostics);
  EXPECT_EQ(diagnostics.errors(), 5U);
  EXPECT_EQ(diagnostics.all()[0].line, 1U);
  EXPECT_EQ(diagnostics.all()[0].column, 7U);
  Diagnostics none;
  const Policy policy = load_policy(
      R"({"mode":"approve","modes":{"notify":"automatic"},"roles":{"approver":{"users":[7]}}})", "p.json", none);
  EXPECT_TRUE(none.all().empty());
  EXPECT_EQ(policy.mode_of("notify"), GuardMode::automatic);
  EXPECT_EQ(policy.mode_of("file.quarantine"), GuardMode::approve);
}

TEST(Judge, paths_are_compared_whole) {
  Policy policy;
  policy.never_touch_paths = {"/etc", "/srv/keep"};
  const ActionSpec& spec = find_action("file.quarantine")->spec;
  const auto rule = [&](const char* path) {
    ActionRequest request;
    return judge(policy, {}, spec, parse_parameters(spec, {{"path", path}}).value(), request, {}).rule;
  };
  for (const char* path : {"/etc/passwd", "//etc//passwd", "/./etc/passwd", "/srv/keep/x", "/srv/keep"})
    EXPECT_EQ(rule(path), "never_touch") << path;
  for (const char* path : {"/etcetera/x", "/srv/keeper", "/srv/www/etc/x"})
    EXPECT_NE(rule(path), "never_touch") << path;
}

}  // namespace
}  // namespace tocsin::responders
