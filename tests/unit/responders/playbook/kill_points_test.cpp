// A run is killed at every point there is: before and after each write, before and after each effect. Gone on with
// from what was written, it comes to the same end, and nothing is done twice or left out.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "responders/action/table.h"
#include "responders/playbook/run/simulate.h"
#include "tests/unit/responders/playbook/example.h"

namespace tocsin::responders {
namespace {

const std::filesystem::path packs = std::filesystem::path(TOCSIN_SOURCE_DIR) / "responders/packs";

std::string read(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// What outlives a crash: the journal's disk and the guard, which does a key once. Everything that happens to either is
// a point; at the chosen one the run dies, before the thing is done or after.
class World final : public RunJournal, public ActionGateway {
 public:
  enum class Death : std::uint8_t { before, after };
  Result<void> append(std::span<const RunRecord> fresh) override {
    if (!point([&] { records.insert(records.end(), fresh.begin(), fresh.end()); }))
      return fail(Code::failure, "killed");
    return {};
  }
  Result<Rehearsed> rehearse(const ActionRequest& request) override { return OfflineGateway().rehearse(request); }
  Result<Applied> apply(const ActionRequest& request) override {
    const bool alive = point([&] {
      ++asked[request.key];
      if (done.emplace(request.key, request.action).second) order.push_back(request.key);
    });
    if (!alive) return fail(Code::unreachable, "killed");
    Applied out;
    out.outcome.summary = request.action;
    return out;
  }
  Result<Verification> verify(const std::string&) override { return Verification{}; }
  Result<Outcome> undo(const std::string&, const std::string&) override { return Outcome{}; }

  bool dead = false;
  std::size_t points = 0;
  std::size_t kill_at = SIZE_MAX;
  Death death = Death::before;
  std::vector<RunRecord> records;
  std::map<std::string, std::string> done;
  std::map<std::string, int> asked;
  std::vector<std::string> order;

 private:
  template <class Do>
  bool point(Do what) {
    if (dead) return false;
    const bool now = points++ == kill_at;
    if (!now || death == Death::after) what();
    dead = now;
    return !now;
  }
};

class Shelf final : public PlaybookLibrary {
 public:
  PlanRef find(std::string_view id, std::string_view) const override {
    for (const PlanRef& plan : plans)
      if (plan->id() == id) return plan;
    return nullptr;
  }
  std::vector<PlanRef> plans;
};

class KillPoints : public ::testing::Test {
 protected:
  static PlanRef load(const std::string& text) {
    Diagnostics diagnostics;
    return load_playbook(text, "playbook", diagnostics).value_or(nullptr);
  }

  RunSpec spec(const PlanRef& plan, const Fixture& fixture) {
    RunSpec out;
    out.id = "run";
    out.plan = plan;
    out.mode = RunMode::apply;
    out.inputs = fixture.inputs;
    out.reason = "test";
    return out;
  }

  // A word of one of those who are still missing: the same people, however often the run died between them.
  static bool agree(responders::Run& run, const std::string& waiting) {
    const auto asked = run.approvals();
    const auto at = std::ranges::find(asked, waiting, &RunApproval::execution);
    if (at == asked.end()) return false;
    RunAgreement word;
    std::uint64_t missing = 0;
    for (const auto& [role, count] : at->missing) {
      word.roles.insert(role);
      missing += count;
    }
    word.person = word.name = "person " + std::to_string(missing);
    word.note = "read it";
    return run.agree(waiting, std::move(word)).has_value();
  }

  // As the fixture answers, until it is over or dead. A person's answer is given once for each execution.
  RunState drive(responders::Run& run, World& world, const Fixture& fixture, ManualClock& clock) {
    for (int turn = 0; turn < 2000 && !world.dead; ++turn) {
      const auto state = run.poll();
      if (!state || *state != RunState::running || world.dead) return run.state();
      bool answered = false;
      for (const std::string& waiting : run.waiting()) {
        const bool agreed = agree(run, waiting);
        if (world.dead) return run.state();
        answered = agreed || answered;
        if (agreed) continue;
        const auto execution = waiting.substr(0, waiting.find('/'));
        for (const StepTrace& step : run.trace())
          if (step.execution == execution) {
            const auto at = fixture.answers.find(step.label);
            RunAnswer answer;
            answer.who = "ann";
            answer.note = "done";
            // The n-th time a step is asked it gets the n-th answer, also after a crash.
            const std::size_t occurrence = std::stoul(execution.substr(execution.find('#') + 1)) - 1;
            if (at != fixture.answers.end() && !at->second.empty())
              answer.outputs = at->second[std::min(occurrence, at->second.size() - 1)].outputs;
            answered = run.answer(waiting, answer).has_value() || answered;
          }
        if (world.dead) return run.state();
      }
      if (!answered)
        if (const auto wake = run.wake_at()) clock.advance_to(std::max(*wake, clock.now()));
    }
    return run.state();
  }

  // Ends of the steps, without the times. Branches side by side have no order among each other.
  static std::string told(const std::vector<StepTrace>& trace) {
    std::vector<std::string> lines;
    for (const StepTrace& step : trace)
      lines.push_back(step.execution + " " + std::string(step_status_name(step.status)) + " " + step.note + "\n");
    std::sort(lines.begin(), lines.end());
    std::string out;
    for (const std::string& line : lines) out += line;
    return out;
  }

  void kill_everywhere(const PlanRef& plan, const Fixture& fixture, const Shelf& shelf) {
    World whole;
    ManualClock clock;
    auto run = Run::start(spec(plan, fixture), whole, whole, clock, &shelf);
    ASSERT_TRUE(run.has_value()) << run.error().text();
    const RunState end = drive(**run, whole, fixture, clock);
    ASSERT_EQ(end, RunState::completed);
    const std::string trace = told((*run)->trace());
    for (std::size_t at = 0; at < whole.points; ++at)
      for (const auto death : {World::Death::before, World::Death::after}) {
        World world;
        world.kill_at = at;
        world.death = death;
        ManualClock time;
        auto first = Run::start(spec(plan, fixture), world, world, time, &shelf);
        if (first) drive(**first, world, fixture, time);
        ASSERT_TRUE(world.dead);
        first = fail(Code::failure, "gone");
        world.dead = false;
        world.kill_at = SIZE_MAX;
        // One that had not begun is started anew, as the daemon's desk does.
        const bool begun = std::any_of(world.records.begin(), world.records.end(),
                                       [](const RunRecord& r) { return r.kind == RunRecord::Kind::step; });
        if (!begun) world.records.clear();
        auto second = begun ? Run::resume(spec(plan, fixture), world.records, world, world, time, &shelf)
                            : Run::start(spec(plan, fixture), world, world, time, &shelf);
        ASSERT_TRUE(second.has_value());
        EXPECT_EQ(drive(**second, world, fixture, time), end) << plan->name() << " at " << at;
        EXPECT_EQ(told((*second)->trace()), trace) << plan->name() << " at " << at;
        EXPECT_EQ(world.done, whole.done) << plan->name() << " at " << at;
        std::vector<std::string> applied = (*second)->applied(), wanted = whole.order;
        std::sort(applied.begin(), applied.end());
        std::sort(wanted.begin(), wanted.end());
        EXPECT_EQ(applied, wanted) << plan->name() << " at " << at;
        for (const auto& [key, times] : world.asked) EXPECT_LE(times, 2) << key;
      }
  }
};

TEST_F(KillPoints, every_shipped_playbook_at_every_point) {
  Shelf shelf;
  for (const auto& entry : std::filesystem::directory_iterator(packs))
    if (entry.is_directory()) shelf.plans.push_back(load(read(entry.path() / "playbook.json")));
  std::size_t tried = 0;
  for (const auto& entry : std::filesystem::directory_iterator(packs)) {
    if (!entry.is_directory()) continue;
    const auto fixture = parse_fixture(read(entry.path() / "fixture.json"));
    ASSERT_TRUE(fixture.has_value()) << entry.path();
    kill_everywhere(load(read(entry.path() / "playbook.json")), *fixture, shelf);
    ++tried;
  }
  EXPECT_GE(tried, 18U);
}

// {"action":"network.block_address","parameters":{"address":"__ip__:value"}}
constexpr std::string_view block_b64 =
    "eyJhY3Rpb24iOiJuZXR3b3JrLmJsb2NrX2FkZHJlc3MiLCJwYXJhbWV0ZXJzIjp7ImFkZHJlc3MiOiJfX2lwX186dmFsdWUifX0=";

std::string block_step(int number, std::string_view next) {
  return "\"" + step_id("action", number) + R"(":{"type":"action","name":"block )" + std::to_string(number) +
         R"(","commands":[{"type":"tocsin","command_b64":")" + std::string(block_b64) +
         R"("}],"agent":"individual--aaaaaaaa-0000-4000-8000-0000000000ee",)" + std::string(next) + "}";
}

TEST_F(KillPoints, a_pause_holds_time_and_outlives_a_crash) {
  const PlanRef plan = load(playbook_with(replaced(manual_step(1, to("on_completion", step_id("action", 2))),
                                                   R"("type":"action",)", R"("type":"action","timeout":60000,)") +
                                          "," + block_step(2, to("on_completion", end_id))));
  ASSERT_NE(plan, nullptr);
  World world;
  ManualClock clock;
  auto run = Run::start(spec(plan, {}), world, world, clock);
  ASSERT_TRUE((*run)->poll());
  clock.advance_to(clock.now() + std::chrono::seconds(30));
  EXPECT_TRUE((*run)->pause("ann: lunch"));
  EXPECT_EQ((*run)->pause("ann: lunch").error().code, Code::conflict);
  EXPECT_FALSE((*run)->wake_at().has_value());
  // An answer is taken; nothing begins.
  const std::string waiting = (*run)->waiting().at(0);
  clock.advance_to(clock.now() + std::chrono::hours(2));
  EXPECT_EQ((*run)->poll().value(), RunState::running);
  auto again = Run::resume(spec(plan, {}), world.records, world, world, clock);
  ASSERT_TRUE(again.has_value());
  EXPECT_TRUE((*again)->paused());
  EXPECT_EQ((*again)->poll().value(), RunState::running);
  EXPECT_TRUE((*again)->go_on("ann: back"));
  EXPECT_EQ((*again)->go_on("ann: back").error().code, Code::conflict);
  EXPECT_EQ((*again)->poll().value(), RunState::running);
  // Half of its minute is left.
  EXPECT_EQ((*again)->wake_at(), clock.now() + std::chrono::seconds(30));
  ASSERT_EQ((*again)->waiting(), std::vector<std::string>{waiting});
  EXPECT_TRUE((*again)->answer(waiting, {RunAnswer::Kind::done, "ann", "ok"}));
  EXPECT_EQ((*again)->poll().value(), RunState::completed);
  EXPECT_EQ(world.done.size(), 1U);
  EXPECT_EQ((*again)->pause("x").error().code, Code::conflict);
}

// Shuffle 345: what was lost at a node that was down is done again from there.
TEST_F(KillPoints, shuffle_345_a_failed_step_is_retried_under_another_key) {
  const PlanRef plan = load(playbook_with(block_step(1, to("on_completion", step_id("action", 2))) + "," +
                                          manual_step(2, to("on_completion", step_id("action", 3))) + "," +
                                          block_step(3, to("on_completion", end_id))));
  World world;
  ManualClock clock;
  auto run = Run::start(spec(plan, {}), world, world, clock);
  ASSERT_TRUE((*run)->poll());
  EXPECT_TRUE((*run)->answer((*run)->waiting().at(0), {RunAnswer::Kind::failed, "ann", "no"}));
  EXPECT_EQ((*run)->poll().value(), RunState::failed);
  const auto past = past_of(spec(plan, {}), world.records, clock, nullptr);
  ASSERT_TRUE(past.has_value());
  EXPECT_EQ(past->state, RunState::failed);
  EXPECT_EQ(past->failed, step_id("action", 2) + "#1");
  EXPECT_EQ(past->applied, world.order);
  RunRecord record;
  record.kind = RunRecord::Kind::retried;
  record.time = clock.now();
  record.execution = past->failed;
  ASSERT_TRUE(world.append({&record, 1}));
  auto again = Run::resume(spec(plan, {}), world.records, world, world, clock);
  EXPECT_EQ((*again)->poll().value(), RunState::running);
  ASSERT_EQ((*again)->waiting(), std::vector<std::string>{past->failed + "/1~2"});
  EXPECT_TRUE((*again)->answer((*again)->waiting().at(0), {RunAnswer::Kind::done, "ann", "ok"}));
  EXPECT_EQ((*again)->poll().value(), RunState::completed);
  // What was done before the failure was not done once more.
  EXPECT_EQ(world.done.size(), 2U);
  for (const auto& [key, times] : world.asked) EXPECT_EQ(times, 1);
  const auto after = past_of(spec(plan, {}), world.records, clock, nullptr);
  EXPECT_EQ(after->state, RunState::completed);
  EXPECT_TRUE(after->failed.empty());
  EXPECT_EQ(after->applied.size(), 2U);
}

}  // namespace
}  // namespace tocsin::responders
