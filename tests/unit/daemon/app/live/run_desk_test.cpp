#include "daemon/app/live/run_desk.h"

#include <gtest/gtest.h>

#include <array>

#include <fmt/format.h>

#include "daemon/app/live/run_cause.h"
#include "daemon/store/reader.h"
#include "tests/unit/daemon/store/scratch.h"
#include "tests/unit/responders/incident/samples.h"
#include "tests/unit/responders/playbook/example.h"

namespace tocsin::daemon {
namespace {

using responders::RunState;

class OnePlaybook final : public responders::PlaybookLibrary {
 public:
  responders::PlanRef find(std::string_view id, std::string_view version) const override {
    return plan && plan->id() == id && plan->version() == version ? plan : nullptr;
  }
  responders::PlanRef plan;
};

// A store with one incident, and desks that come and go over it. The playbooks ask people only, so no responder is
// needed.
class RunDeskTest : public ::testing::Test {
 protected:
  void SetUp() override {
    KeeperOptions options{scratch_.path(), {}, {}, responders::IncidentIds::random(random_), {}};
    options.store.free_least = 0;
    auto keeper = Keeper::open(std::move(options), clock_, names_);
    ASSERT_TRUE(keeper.has_value()) << keeper.error().text();
    keeper_ = std::move(*keeper);
    keeper_->raise(samples::make_alert({}));
    const auto filed = keeper_->checkpoint();
    ASSERT_TRUE(filed && !filed->filed.empty());
    incident_ = filed->filed.front().taken.incident;
    Diagnostics diagnostics;
    library_.plan =
        responders::load_playbook(responders::simple_playbook(), "test.json", diagnostics).value_or(nullptr);
    ASSERT_NE(library_.plan, nullptr);
  }
  Result<void> on_casework(const std::function<Result<void>(Keeper&)>& change) {
    if (full_) return fail(Code::exhausted, "the disk is full");
    TOCSIN_CHECK(keeper_->store().begin());
    if (auto done = change(*keeper_); !done) {
      keeper_->store().rollback();
      TOCSIN_CHECK(keeper_->casework().reload());
      return done;
    }
    TOCSIN_CHECK(keeper_->store().commit());
    return {};
  }
  std::unique_ptr<RunDesk> open(RespondMode mode = RespondMode::apply) {
    auto desk =
        std::make_unique<RunDesk>(RunDeskParts{mode, (scratch_.path() / "nobody.sock").string(), scratch_.path(),
                                               library_, [this](auto change) { return on_casework(change); }},
                                  clock_, random_, log_);
    desk->start();
    return desk;
  }
  RunOrder order(Repeat repeat = Repeat::refused) {
    RunOrder out;
    out.identity.incident = incident_;
    out.identity.alias = "INC-2026-0001";
    out.identity.playbook = library_.plan->name();
    out.identity.plan = library_.plan;
    out.identity.actor.name = "ann";
    out.identity.reason = "because";
    out.identity.repeat = repeat;
    return out;
  }
  std::string state_of(RunId id) {
    const auto runs = keeper_->store().records().runs(incident_);
    for (const auto& run : *runs)
      if (run.id == id) return run.state;
    return {};
  }
  std::string timeline() {
    std::string out;
    const auto incident = keeper_->casework().incident(incident_);
    for (const auto& entry : incident->timeline) out += entry.text + "\n";
    return out;
  }

  samples::Scratch scratch_;
  ManualClock clock_{samples::at(100)};
  SeededRandom random_{1};
  FieldNames names_;
  Log log_{clock_, LogLevel::error, LogPrefix::plain};
  OnePlaybook library_;
  std::unique_ptr<Keeper> keeper_;
  IncidentId incident_;
  bool full_ = false;
};

TEST_F(RunDeskTest, a_run_waits_for_a_person_and_is_told_in_the_timeline) {
  const auto desk = open();
  const auto view = desk->run(order());
  ASSERT_TRUE(view.has_value()) << view.error().text();
  EXPECT_EQ(view->state, RunState::running);
  ASSERT_EQ(view->people.size(), 1U);
  EXPECT_EQ(state_of(view->id), "waiting");
  EXPECT_EQ(desk->answer(view->id, "no such step", {}).error().code, Code::not_found);
  const auto after = desk->answer(view->id, "", {responders::RunAnswer::Kind::done, "bob", "looked"});
  ASSERT_TRUE(after.has_value());
  EXPECT_EQ(after->state, RunState::completed);
  EXPECT_EQ(state_of(view->id), "completed");
  EXPECT_EQ(desk->answer(view->id, "", {}).error().code, Code::conflict);
  const auto told = timeline();
  for (const char* text : {"started: because", "waiting", "bob: looked", "completed"})
    EXPECT_NE(told.find(text), std::string::npos) << text << " in\n" << told;
}

TEST_F(RunDeskTest, once_for_an_incident_unless_wanted_again) {
  const auto desk = open();
  const auto first = desk->run(order());
  ASSERT_TRUE(first);
  EXPECT_EQ(desk->run(order(Repeat::wanted)).error().code, Code::conflict);  // it is under way
  ASSERT_TRUE(desk->answer(first->id, "", {}));
  EXPECT_EQ(desk->run(order()).error().code, Code::conflict);
  const auto second = desk->run(order(Repeat::wanted));
  ASSERT_TRUE(second);
  EXPECT_EQ(desk->cancel(second->id, "not needed")->state, RunState::cancelled);
  EXPECT_EQ(state_of(second->id), "cancelled");
}

TEST_F(RunDeskTest, one_that_is_paused_is_under_way) {
  const auto desk = open();
  const auto first = desk->run(order());
  ASSERT_TRUE(first);
  ASSERT_TRUE(desk->pause(first->id, "lunch"));
  EXPECT_EQ(desk->run(order(Repeat::wanted)).error().code, Code::conflict);
}

TEST_F(RunDeskTest, runs_that_wait_for_people_keep_no_other_from_beginning) {
  const auto desk = open();
  for (int i = 0; i < 260; ++i) {
    auto one = order();
    one.identity.playbook = fmt::format("playbook {}", i);
    const auto begun = desk->run(std::move(one));
    ASSERT_TRUE(begun.has_value()) << i << ": " << begun.error().text();
    ASSERT_FALSE(begun->people.empty());
  }
}

// The guard's rule of loops holds over restarts: what triggers began is told by the records of the runs.
TEST_F(RunDeskTest, what_triggers_began_is_known_after_a_restart) {
  auto desk = open();
  ASSERT_TRUE(desk->run(order()));  // a person's
  auto called = order();
  called.identity.playbook = "called";
  called.cause.rule = "rule-1";
  called.cause.depth = 2;
  ASSERT_TRUE(desk->run(std::move(called)));
  desk.reset();
  const auto begun = begun_responses(keeper_->store().records(), incident_);
  ASSERT_TRUE(begun.has_value()) << begun.error().text();
  ASSERT_EQ(begun->size(), 1U);
  EXPECT_EQ(begun->front().playbook, library_.plan->id());
  EXPECT_EQ(depth_after(*begun, clock_.now()), 3);
  EXPECT_EQ(depth_after(*begun, clock_.now() - std::chrono::seconds(1)), 0);
}

TEST_F(RunDeskTest, goes_on_after_the_daemon_came_back) {
  auto desk = open();
  const auto first = desk->run(order());
  ASSERT_TRUE(first);
  desk.reset();
  EXPECT_EQ(state_of(first->id), "waiting");
  desk = open();
  const auto after = desk->answer(first->id, "", {responders::RunAnswer::Kind::done, "bob", "looked"});
  ASSERT_TRUE(after.has_value()) << after.error().text();
  EXPECT_EQ(after->state, RunState::completed);
  const auto steps = keeper_->store().records().run_steps(first->id);
  std::string kinds;
  for (const auto& step : *steps) kinds += step.phase + " ";
  EXPECT_EQ(kinds, "started step waiting answer finished ");
}

TEST_F(RunDeskTest, what_cannot_go_on_is_closed_and_unknown_when_an_effect_was_begun) {
  auto desk = open();
  const auto begun = desk->run(order());
  ASSERT_TRUE(begun);
  desk.reset();
  auto identity = order().identity;
  identity.id = begun->id;
  RunNotes notes(identity, [this](auto change) { return on_casework(change); }, clock_);
  responders::RunRecord intent;
  intent.kind = responders::RunRecord::Kind::intent;
  intent.execution = "action--x#1/1";
  intent.detail = "network.block_address";
  ASSERT_TRUE(notes.append({&intent, 1}));
  EXPECT_EQ(notes.append({&intent, 1}).error().code, Code::conflict);  // never begun twice
  library_.plan = nullptr;                                             // the playbook was taken away
  desk = open();
  EXPECT_EQ(desk->cancel(begun->id, "x").error().code, Code::conflict);  // waits for the desk to have looked
  EXPECT_EQ(state_of(begun->id), "unknown");
  EXPECT_NE(timeline().find("is not there any more"), std::string::npos);
}

TEST_F(RunDeskTest, rehearse_mode_starts_nothing_and_ends_what_was_under_way) {
  auto desk = open();
  const auto begun = desk->run(order());
  ASSERT_TRUE(begun);
  desk.reset();
  desk = open(RespondMode::rehearse);
  EXPECT_EQ(desk->run(order()).error().code, Code::denied);
  EXPECT_EQ(state_of(begun->id), "cancelled");
}

TEST_F(RunDeskTest, a_full_store_begins_nothing) {
  const auto desk = open();
  full_ = true;
  EXPECT_EQ(desk->run(order()).error().code, Code::exhausted);
  full_ = false;
  EXPECT_TRUE(keeper_->store().records().runs(incident_)->empty());
}

TEST_F(RunDeskTest, what_only_looks_contains_nothing) {
  auto identity = order().identity;
  identity.id = RunId{make_uuid7(clock_.now(), random_)};
  RunNotes notes(identity, [this](auto change) { return on_casework(change); }, clock_);
  responders::RunRecord started;
  started.kind = responders::RunRecord::Kind::started;
  started.time = clock_.now();
  ASSERT_TRUE(notes.append({&started, 1}));
  const auto done = [&](const char* execution, const char* action) {
    responders::RunRecord intent;
    intent.kind = responders::RunRecord::Kind::intent;
    intent.time = clock_.now();
    intent.execution = execution;
    intent.detail = action;
    auto outcome = intent;
    outcome.kind = responders::RunRecord::Kind::outcome;
    outcome.status = "done";
    const std::array records{intent, outcome};
    EXPECT_TRUE(notes.append(records));
    return keeper_->casework().incident(incident_)->times.contained != Time{};
  };
  EXPECT_FALSE(done("a/1", "collect.triage"));
  EXPECT_FALSE(done("a/2", "process.dump_maps"));
  EXPECT_TRUE(done("a/3", "process.stop"));
}

}  // namespace
}  // namespace tocsin::daemon
