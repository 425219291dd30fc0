// Many agents that fail, are late, answer twice or never: a dispatch always ends, and its join is what truly happened.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "responders/action/table.h"
#include "responders/playbook/coordinate/approval.h"
#include "responders/playbook/coordinate/gateway.h"
#include "responders/playbook/run/run.h"
#include "tests/unit/responders/playbook/example.h"

namespace tocsin::responders {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

// Agents in this process, with a network between that loses, delays, doubles and reorders.
class Simulated final : public AgentLink {
 public:
  struct Odds {
    double lost = 0, doubled = 0, failing = 0, refusing = 0, dead = 0;
    Duration delay_most{};
  };
  Simulated(std::uint64_t seed, Odds odds, const Clock& clock) : random_(seed), odds_(odds), clock_(clock) {}

  Result<void> send(const AgentOrder& order) override {
    ++sent;
    if (chance(odds_.lost / 2)) return fail(Code::unreachable, "no route");
    if (chance(odds_.lost)) return {};
    deliver(order);
    if (chance(odds_.doubled)) deliver(order);
    return {};
  }
  void recall(const AgentOrder& order) override { recalled.insert(order.agent); }
  std::vector<AgentReport> receive() override {
    std::vector<AgentReport> out;
    for (auto at = under_way_.begin(); at != under_way_.end();)
      if (at->first <= clock_.now()) {
        out.push_back(at->second);
        at = under_way_.erase(at);
      } else {
        ++at;
      }
    std::shuffle(out.begin(), out.end(), random_);
    return out;
  }

  std::size_t sent = 0;
  std::map<std::string, int> carried_out;           // by key: agents do a key once
  std::map<std::string, AgentReport::State> truth;  // by agent
  std::set<std::string> recalled;

 private:
  bool chance(double odds) { return std::uniform_real_distribution<>(0, 1)(random_) < odds; }
  Duration delay() {
    return Duration(
        std::uniform_int_distribution<std::int64_t>(0, std::max<std::int64_t>(odds_.delay_most.count(), 0))(random_));
  }
  void post(AgentReport report) {
    if (chance(odds_.lost)) return;
    under_way_.emplace(clock_.now() + delay(), report);
    if (chance(odds_.doubled)) under_way_.emplace(clock_.now() + delay(), report);
  }
  void deliver(const AgentOrder& order) {
    const auto [agent, fresh] = truth.try_emplace(order.agent, AgentReport::State::done);
    if (fresh) {
      if (chance(odds_.dead)) dead_.insert(order.agent);
      else if (chance(odds_.failing)) agent->second = AgentReport::State::failed;
      else if (chance(odds_.refusing)) agent->second = AgentReport::State::refused;
      if (!dead_.contains(order.agent)) ++carried_out[order.key];
    }
    if (dead_.contains(order.agent)) return;
    post({AgentReport::State::accepted, order.key, order.agent, ""});
    post({agent->second, order.key, order.agent, ""});
    if (chance(odds_.doubled)) post({AgentReport::State::done, "another key", order.agent, ""});
  }

  std::mt19937_64 random_;
  Odds odds_;
  const Clock& clock_;
  std::multimap<Time, AgentReport> under_way_;
  std::set<std::string> dead_;
};

std::vector<std::string> fifty() {
  std::vector<std::string> out;
  for (int i = 0; i < 50; ++i) out.push_back("agent-" + std::to_string(100 + i));
  return out;
}

struct Written {
  std::vector<DispatchRecord> all;
  std::size_t most = SIZE_MAX;
  Dispatch::Note note() {
    return [this](const DispatchRecord& record) -> Result<void> {
      if (all.size() == most) return fail(Code::failure, "killed");
      all.push_back(record);
      return {};
    };
  }
};

DispatchState drive(Dispatch& dispatch, ManualClock& clock, Duration most = std::chrono::hours(24)) {
  const Time end = clock.now() + most;
  while (clock.now() < end) {
    const auto state = dispatch.poll(clock.now());
    if (!state || *state != DispatchState::running) return dispatch.state();
    clock.advance_to(clock.now() + seconds(1));
  }
  return dispatch.state();
}

// The join from the entries alone, said another way.
void expect_right_join(const Dispatch& dispatch, const DispatchSpec& spec, const Simulated& agents) {
  std::size_t done = 0, not_done = 0, spared = 0;
  for (const auto& [agent, entry] : dispatch.agents()) {
    ASSERT_GE(entry.state, AgentState::done) << agent << " is not decided";
    if (entry.state == AgentState::done) {
      ++done;
      EXPECT_EQ(agents.truth.at(agent), AgentReport::State::done) << agent;
    } else if (entry.state == AgentState::spared) {
      ++spared;
      EXPECT_FALSE(agents.truth.contains(agent)) << agent << " was asked";
    } else {
      ++not_done;
      if (entry.state == AgentState::silent) EXPECT_TRUE(agents.recalled.contains(agent));
      else EXPECT_NE(agents.truth.at(agent), AgentReport::State::done) << agent;
    }
  }
  EXPECT_EQ(done + not_done + spared, spec.agents.size());
  const std::size_t quorum = spec.quorum == 0 ? spec.agents.size() : spec.quorum;
  switch (dispatch.state()) {
    case DispatchState::completed: EXPECT_EQ(done, spec.agents.size()); break;
    case DispatchState::partial: EXPECT_TRUE(done >= quorum && done < spec.agents.size() && spared == 0); break;
    case DispatchState::failed: EXPECT_TRUE(done < quorum && spared == 0); break;
    case DispatchState::stopped:
      EXPECT_GT(spared, 0U);
      EXPECT_TRUE((spec.failures_most && not_done > *spec.failures_most) || not_done > spec.agents.size() - quorum);
      break;
    case DispatchState::running: ADD_FAILURE() << "it did not end"; break;
  }
  for (const auto& [key, times] : agents.carried_out) EXPECT_EQ(times, 1);
}

TEST(Dispatch, fifty_agents_always_end_in_a_defined_state_with_the_right_join) {
  std::map<DispatchState, int> ends;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    ManualClock clock;
    std::mt19937_64 random(seed);
    const auto odd = [&](double most) { return std::uniform_real_distribution<>(0, most)(random); };
    const bool quiet = seed % 10 == 0;
    Simulated::Odds odds{odd(0.5), odd(0.5), odd(0.1), odd(0.05), odd(0.05), seconds(1 + seed % 400)};
    if (quiet) odds = {odd(0.3), odd(0.5), 0, 0, 0, seconds(20)};
    Simulated agents(seed, odds, clock);
    DispatchSpec spec;
    spec.id = "dispatch-" + std::to_string(seed);
    spec.agents = fifty();
    spec.waves = seed % 3 == 0 ? std::vector<std::size_t>{} : std::vector<std::size_t>{1, 5, 20};
    spec.quorum = quiet ? 0 : 30 + seed % 20;
    if (seed % 4 == 1) spec.failures_most = 2;
    Written written;
    auto dispatch = Dispatch::open(spec, agents, written.note(), {});
    ASSERT_TRUE(dispatch.has_value());
    ++ends[drive(*dispatch, clock)];
    expect_right_join(*dispatch, spec, agents);
    EXPECT_FALSE(dispatch->wake_at().has_value());
    // What comes after the end changes nothing.
    const auto before = dispatch->state();
    dispatch->hear({{AgentReport::State::done, "x", spec.agents[0], ""}});
    EXPECT_EQ(dispatch->poll(clock.now() + minutes(5)).value(), before);
  }
  for (const auto state :
       {DispatchState::completed, DispatchState::partial, DispatchState::failed, DispatchState::stopped})
    EXPECT_GT(ends[state], 0) << dispatch_state_name(state) << " was never reached";
}

TEST(Dispatch, goes_on_after_a_crash_at_any_record) {
  const Simulated::Odds odds{0.2, 0.3, 0.05, 0.02, 0.02, seconds(40)};
  for (std::size_t kill = 0; kill < 120; kill += 3) {
    ManualClock clock;
    Simulated agents(7, odds, clock);
    DispatchSpec spec;
    spec.id = "d";
    spec.agents = fifty();
    spec.waves = {5, 15};
    spec.quorum = 35;
    Written written;
    written.most = kill;
    auto first = Dispatch::open(spec, agents, written.note(), {});
    drive(*first, clock, minutes(30));
    written.most = SIZE_MAX;
    clock.advance_to(clock.now() + seconds(3));
    auto second = Dispatch::open(spec, agents, written.note(), written.all);
    ASSERT_TRUE(second.has_value());
    drive(*second, clock);
    expect_right_join(*second, spec, agents);
    std::map<std::string, int> finals;
    for (const DispatchRecord& record : written.all)
      if (record.state >= AgentState::done) ++finals[record.agent];
    EXPECT_EQ(finals.size(), spec.agents.size());
    for (const auto& [agent, times] : finals) EXPECT_EQ(times, 1) << agent;
  }
}

TEST(Dispatch, waves_wait_for_each_other_and_stop) {
  ManualClock clock;
  Simulated agents(1, {0, 0, 1.0, 0, 0, seconds(1)}, clock);
  DispatchSpec spec;
  spec.id = "d";
  spec.agents = fifty();
  spec.waves = {1, 10};
  spec.quorum = 10;
  spec.failures_most = 1;
  Written written;
  auto dispatch = Dispatch::open(spec, agents, written.note(), {});
  ASSERT_TRUE(dispatch->poll(clock.now()));
  EXPECT_EQ(agents.sent, 1U);
  EXPECT_EQ(drive(*dispatch, clock), DispatchState::stopped);
  EXPECT_EQ(agents.sent, 11U);
  EXPECT_EQ(dispatch->count(AgentState::spared), 39U);
  spec.quorum = 51;
  EXPECT_EQ(Dispatch::open(spec, agents, written.note(), {}).error().code, Code::usage);
  spec.quorum = 1;
  spec.agents.push_back(spec.agents[0]);
  EXPECT_EQ(Dispatch::open(spec, agents, written.note(), {}).error().code, Code::usage);
}

class NoActions final : public ActionGateway {
 public:
  Result<Rehearsed> rehearse(const ActionRequest& request) override { return OfflineGateway().rehearse(request); }
  Result<Applied> apply(const ActionRequest&) override { return fail(Code::denied, "none"); }
  Result<Verification> verify(const std::string&) override { return Verification{}; }
  Result<Outcome> undo(const std::string&, const std::string&) override { return Outcome{}; }
};
class Journal final : public RunJournal {
 public:
  Result<void> append(std::span<const RunRecord> records) override {
    all.insert(all.end(), records.begin(), records.end());
    return {};
  }
  std::vector<RunRecord> all;
};

// A playbook whose steps go to fifty agents each, two of them side by side.
TEST(Dispatch, a_playbook_over_fifty_agents_ends_with_the_right_join) {
  const auto step = [](int number, std::string_view next) {
    return "\"" + step_id("action", number) + R"(":{"type":"action","name":"step )" + std::to_string(number) +
           R"(","commands":[{"type":"bash","command":"true"}],"out_args":["__done__"],"timeout":3600000,)" +
           R"("agent":"individual--aaaaaaaa-0000-4000-8000-0000000000ee",)" + std::string(next) + "}";
  };
  const std::string text = playbook_with(
      "\"" + step_id("parallel", 1) + R"(":{"type":"parallel","name":"both","next_steps":[")" + step_id("action", 2) +
          "\",\"" + step_id("action", 3) + "\"]," + to("on_success", end_id) + "," +
          to("on_failure", step_id("action", 6)) + "}," + step(2, to("on_completion", step_id("end", 4))) + "," +
          end_step(4) + "," + step(3, to("on_completion", step_id("end", 5))) + "," + end_step(5) + "," +
          manual_step(6, to("on_completion", end_id)),
      R"("__ip__":{"type":"ipv4-addr","value":"192.0.2.1"},"__done__":{"type":"integer","value":"0"})", "",
      step_id("parallel", 1));
  Diagnostics diagnostics;
  const auto plan = load_playbook(text, "t", diagnostics);
  ASSERT_TRUE(plan.has_value());
  int completed = 0, handled = 0;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    ManualClock clock;
    Simulated agents(seed, {0.2, 0.3, 0.02 * static_cast<double>(seed % 7), 0.01, 0.02, seconds(60)}, clock);
    std::map<std::string, std::vector<DispatchRecord>> records;
    const auto gateway = [&] {
      return DispatchGateway(
          agents, clock,
          [](const CommandRequest&) -> Result<DispatchSpec> {
            DispatchSpec spec;
            spec.agents = fifty();
            spec.waves = {5, 45};
            spec.quorum = 45;
            return spec;
          },
          [&](const std::string& key) { return records[key]; },
          [&](const std::string& key, const DispatchRecord& record) -> Result<void> {
            records[key].push_back(record);
            return {};
          });
    };
    NoActions actions;
    Journal journal;
    RunSpec spec;
    spec.id = "run";
    spec.plan = *plan;
    spec.mode = RunMode::apply;
    spec.reason = "test";
    auto first = gateway();
    auto run = Run::start(spec, actions, journal, clock, nullptr, {}, &first);
    ASSERT_TRUE(run.has_value());
    auto second = gateway();
    for (int turn = 0; turn < 50'000; ++turn) {
      const auto state = (*run)->poll();
      ASSERT_TRUE(state.has_value());
      if (*state != RunState::running || !(*run)->waiting().empty()) break;
      const auto wake = (*run)->wake_at();
      ASSERT_TRUE(wake.has_value());
      clock.advance_to(std::max(*wake, clock.now() + seconds(1)));
      // The machine that leads the run dies once, and another goes on from what was written.
      if (turn == 40) run = Run::resume(spec, journal.all, actions, journal, clock, nullptr, {}, &second);
    }
    bool all = true;
    for (const auto& [key, of_key] : records) {
      std::set<std::string> done;
      for (const DispatchRecord& record : of_key)
        if (record.state == AgentState::done) done.insert(record.agent);
      all = all && done.size() >= 45;
    }
    EXPECT_EQ(records.size(), 2U);
    if (all) EXPECT_EQ((*run)->state(), RunState::completed) << seed;
    else EXPECT_EQ((*run)->waiting().size(), 1U) << seed << ": the failure is handled";
    ++(all ? completed : handled);
    for (const auto& [key, times] : agents.carried_out) EXPECT_EQ(times, 1);
  }
  EXPECT_GT(completed, 0);
  EXPECT_GT(handled, 0);
}

TEST(Approval, people_in_different_roles) {
  const Time now{};
  Approval approval({{{"approver", 1}, {"legal", 1}}, "eve", now + minutes(30)});
  EXPECT_EQ(approval.grant("eve", {"approver"}, now).error().code, Code::denied);
  EXPECT_EQ(approval.grant("tom", {"viewer"}, now).error().code, Code::denied);
  // She has both roles and is counted once, where she is needed.
  EXPECT_EQ(approval.grant("ann", {"approver", "legal"}, now).value(), Approval::State::pending);
  EXPECT_EQ(approval.grant("ann", {"legal"}, now).error().code, Code::conflict);
  EXPECT_EQ(approval.grant("bob", {"approver"}, now).value(), Approval::State::granted);
  EXPECT_EQ(approval.state(now + minutes(60)), Approval::State::granted);
  Approval late({{{"approver", 2}}, "eve", now + minutes(30)});
  EXPECT_TRUE(late.grant("ann", {"approver"}, now));
  EXPECT_EQ(late.missing().at("approver"), 1U);
  EXPECT_EQ(late.state(now + minutes(30)), Approval::State::expired);
  EXPECT_EQ(late.grant("bob", {"approver"}, now + minutes(30)).error().code, Code::conflict);
  Approval denied({{{"approver", 1}}, "eve", now + minutes(30)});
  EXPECT_EQ(denied.deny("bob", {"approver"}, now).value(), Approval::State::denied);
  EXPECT_EQ(denied.grant("ann", {"approver"}, now).error().code, Code::conflict);
}

}  // namespace
}  // namespace tocsin::responders
