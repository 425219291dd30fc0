#include "responders/playbook/run/run.h"

#include <gtest/gtest.h>

#include "responders/action/table.h"
#include "tests/unit/responders/playbook/example.h"

namespace tocsin::responders {
namespace {

class Records final : public RunJournal {
 public:
  Result<void> append(std::span<const RunRecord> records) override {
    if (all.size() + records.size() > most) return fail(Code::exhausted, "the disk is full");
    all.insert(all.end(), records.begin(), records.end());
    ++writes;
    return {};
  }
  std::vector<RunRecord> all;
  std::size_t writes = 0;
  std::size_t most = SIZE_MAX;
};

// Applies everything, once per key.
class Applier final : public ActionGateway {
 public:
  Result<Rehearsed> rehearse(const ActionRequest& request) override { return OfflineGateway().rehearse(request); }
  Result<Applied> apply(const ActionRequest& request) override {
    asked.push_back(request);
    if (failing) return fail(Code::denied, "refused (mode): not today");
    if (silent) return fail(Code::timed_out, "the responder does not answer");
    Applied out;
    out.outcome.state = state;
    out.outcome.summary = "done";
    out.outcome.outputs = {{"address", "192.0.2.99"}};
    return out;
  }
  Result<Verification> verify(const std::string&) override { return Verification{}; }
  Result<Outcome> undo(const std::string& key, const std::string&) override {
    undone.push_back(key);
    return Outcome{};
  }
  std::vector<ActionRequest> asked;
  std::vector<std::string> undone;
  Outcome::State state = Outcome::State::applied;
  bool failing = false;
  bool silent = false;
};

// {"action":"network.block_address","parameters":{"address":"__ip__:value"}}
constexpr std::string_view block_b64 =
    "eyJhY3Rpb24iOiJuZXR3b3JrLmJsb2NrX2FkZHJlc3MiLCJwYXJhbWV0ZXJzIjp7ImFkZHJlc3MiOiJfX2lwX186dmFsdWUifX0=";

std::string block_step(int number, std::string_view next) {
  return "\"" + step_id("action", number) + R"(":{"type":"action","name":"block )" + std::to_string(number) +
         R"(","commands":[{"type":"tocsin","command_b64":")" + std::string(block_b64) +
         R"("}],"agent":"individual--aaaaaaaa-0000-4000-8000-0000000000ee",)" + std::string(next) + "}";
}

class RunTest : public ::testing::Test {
 protected:
  PlanRef load(const std::string& text) {
    Diagnostics diagnostics;
    auto plan = load_playbook(text, "test.json", diagnostics);
    for (const Diagnostic& diagnostic : diagnostics.all()) {
      if (diagnostic.severity == Severity::error) ADD_FAILURE() << render_text(diagnostic);
    }
    return plan.value_or(nullptr);
  }
  RunSpec spec(PlanRef plan) {
    RunSpec out;
    out.id = "run-1";
    out.plan = std::move(plan);
    out.mode = RunMode::apply;
    out.reason = "test";
    return out;
  }
  static std::string labels(const std::vector<StepTrace>& trace) {
    std::string out;
    for (const StepTrace& step : trace)
      if (step.type != StepType::start && step.type != StepType::end)
        out += std::string(out.empty() ? "" : " ") + step.label + ":" + std::string(step_status_name(step.status));
    return out;
  }
  static std::string branch(std::string_view type, int number, std::string_view rest) {
    return "\"" + step_id(type, number) + "\":{\"type\":\"" + std::string(type) + "\",\"name\":\"" + std::string(type) +
           "\"," + std::string(rest) + "}";
  }
  ManualClock clock_{Time{std::chrono::hours(24 * 365 * 50)}};
  Records journal_;
  Applier applier_;
};

constexpr std::string_view ip = R"("__ip__":{"type":"ipv4-addr","value":"192.0.2.1","external":true})";

TEST_F(RunTest, applies_with_intent_before_outcome) {
  const auto run =
      Run::start(spec(load(playbook_with(block_step(1, to("on_completion", end_id)), ip))), applier_, journal_, clock_);
  ASSERT_TRUE(run.has_value());
  EXPECT_EQ((*run)->poll().value(), RunState::completed);
  ASSERT_EQ(applier_.asked.size(), 1U);
  EXPECT_TRUE(is_action_key(applier_.asked[0].key));
  EXPECT_EQ((*run)->trace().at(1).commands.at(0).key, applier_.asked[0].key);
  std::string kinds;
  for (const RunRecord& record : journal_.all) kinds += std::string(run_record_kind_name(record.kind)) + " ";
  EXPECT_EQ(kinds, "started step intent outcome finished ");
  EXPECT_EQ((*run)->applied().size(), 1U);
}

TEST_F(RunTest, one_write_before_each_effect_takes_along_what_came_before) {
  const std::string steps = block_step(1, to("on_completion", step_id("action", 2))) + "," +
                            block_step(2, to("on_completion", step_id("action", 3))) + "," +
                            block_step(3, to("on_completion", end_id));
  const auto run = Run::start(spec(load(playbook_with(steps, ip))), applier_, journal_, clock_);
  EXPECT_EQ(journal_.writes, 0U);
  ASSERT_EQ((*run)->poll().value(), RunState::completed);
  EXPECT_EQ(journal_.writes, 4U);  // before each, and at the end
  EXPECT_EQ(journal_.all.size(), 11U);
}

TEST_F(RunTest, inputs_are_typed_and_only_for_external_variables) {
  const PlanRef plan = load(playbook_with(block_step(1, to("on_completion", end_id)), ip));
  RunSpec given = spec(plan);
  given.inputs = {{"__ip__", "198.51.100.7"}, {"__unknown__", "x"}};
  const auto run = Run::start(given, applier_, journal_, clock_);
  ASSERT_TRUE(run && (*run)->poll());
  EXPECT_EQ(applier_.asked.at(0).parameters.at(0).second, "198.51.100.7");
  given.inputs = {{"__ip__", "1.2.3.4; rm -rf /"}};
  EXPECT_EQ(Run::start(given, applier_, journal_, clock_).error().code, Code::usage);
}

TEST_F(RunTest, a_message_is_marked_as_the_incident_it_tells_of) {
  // {"action":"notify","parameters":{"channel":"ops","subject":"__ip__:value"}}
  const std::string step =
      "\"" + step_id("action", 1) +
      R"(":{"type":"action","name":"tell","commands":[{"type":"tocsin","command_b64":"eyJhY3Rpb24iOiJub3RpZnkiLCJwYXJhbWV0ZXJzIjp7ImNoYW5uZWwiOiJvcHMiLCJzdWJqZWN0IjoiX19pcF9fOnZhbHVlIn19"}],"agent":"individual--aaaaaaaa-0000-4000-8000-0000000000ee",)" +
      to("on_completion", end_id) + "}";
  const PlanRef plan = load(playbook_with(step, ip));
  RunSpec given = spec(plan);
  given.tlp = rules::Tlp::red;
  const auto run = Run::start(given, applier_, journal_, clock_);
  ASSERT_TRUE(run && (*run)->poll());
  ASSERT_EQ(applier_.asked.size(), 1U);
  EXPECT_EQ(applier_.asked[0].parameters.back(), (std::pair<std::string, std::string>("tlp", "red")));
  given.tlp = rules::Tlp::none;
  const auto plain = Run::start(given, applier_, journal_, clock_);
  ASSERT_TRUE(plain && (*plain)->poll());
  for (const auto& [name, value] : applier_.asked.at(1).parameters) EXPECT_NE(name, "tlp") << value;
}

TEST_F(RunTest, a_hostile_text_value_is_refused_by_the_parameter) {
  for (const char* value : {"'; rm -rf /", "$(id)", "1.2.3.4\\n5.6.7.8", "1.2.3.4 timeout 1s }; flush ruleset; #"}) {
    const std::string variables = std::string(R"("__ip__":{"type":"string","value":")") + value + "\"}";
    const auto run = Run::start(spec(load(playbook_with(block_step(1, to("on_completion", end_id)), variables))),
                                applier_, journal_, clock_);
    ASSERT_TRUE(run.has_value());
    EXPECT_EQ((*run)->poll().value(), RunState::failed) << value;
    EXPECT_TRUE(applier_.asked.empty()) << value;
  }
}

TEST_F(RunTest, failure_takes_on_failure_then_the_exception) {
  applier_.failing = true;
  const auto with_handler = Run::start(
      spec(load(playbook_with(block_step(1, to("on_success", end_id) + "," + to("on_failure", step_id("action", 2))) +
                                  "," + manual_step(2, to("on_completion", end_id)),
                              ip))),
      applier_, journal_, clock_);
  ASSERT_TRUE((*with_handler)->poll());
  EXPECT_EQ(labels((*with_handler)->trace()), "block 1:failed step 2:waiting");
  const std::string exception = to("workflow_exception", step_id("action", 3)) + ",";
  const auto with_exception =
      Run::start(spec(load(playbook_with(block_step(1, to("on_completion", end_id)) + "," +
                                             manual_step(3, to("on_completion", step_id("end", 4))) + "," + end_step(4),
                                         ip, exception))),
                 applier_, journal_, clock_);
  ASSERT_TRUE((*with_exception)->poll());
  EXPECT_EQ(labels((*with_exception)->trace()), "block 1:failed step 3:waiting");
  ASSERT_EQ((*with_exception)->waiting().size(), 1U);
  EXPECT_TRUE((*with_exception)->answer((*with_exception)->waiting()[0], {RunAnswer::Kind::done, "ann", "ok"}));
  EXPECT_EQ((*with_exception)->poll().value(), RunState::failed);
}

TEST_F(RunTest, nested_branches_in_order) {
  const std::string steps = branch("parallel", 1,
                                   "\"next_steps\":[\"" + step_id("if-condition", 2) + "\",\"" + step_id("action", 5) +
                                       "\"]," + to("on_completion", step_id("action", 8))) +
                            "," +
                            branch("if-condition", 2,
                                   R"("condition":"EXISTS __ip__:value",)" + to("on_true", step_id("action", 3)) + "," +
                                       to("on_completion", step_id("end", 4))) +
                            "," + block_step(3, to("on_completion", step_id("end", 6))) + "," + end_step(4) + "," +
                            end_step(6) + "," + block_step(5, to("on_completion", step_id("end", 7))) + "," +
                            end_step(7) + "," + block_step(8, to("on_completion", end_id));
  const auto run =
      Run::start(spec(load(playbook_with(steps, ip, "", step_id("parallel", 1)))), applier_, journal_, clock_);
  EXPECT_EQ((*run)->poll().value(), RunState::completed);
  EXPECT_EQ(labels((*run)->trace()), "parallel:done if-condition:done block 3:done block 5:done block 8:done");
  EXPECT_EQ((*run)->trace()[3].depth, 2U);
}

TEST_F(RunTest, a_failed_branch_lets_the_others_finish_and_fails_the_parallel_step) {
  applier_.failing = true;
  const std::string steps =
      branch("parallel", 1,
             "\"next_steps\":[\"" + step_id("action", 3) + "\",\"" + step_id("action", 5) + "\"]," +
                 to("on_success", end_id) + "," + to("on_failure", step_id("action", 8))) +
      "," + block_step(3, to("on_completion", step_id("end", 4))) + "," + end_step(4) + "," +
      manual_step(5, to("on_completion", step_id("end", 7))) + "," + end_step(7) + "," +
      manual_step(8, to("on_completion", end_id));
  const auto run =
      Run::start(spec(load(playbook_with(steps, ip, "", step_id("parallel", 1)))), applier_, journal_, clock_);
  EXPECT_EQ((*run)->poll().value(), RunState::running);
  ASSERT_EQ((*run)->waiting().size(), 1U);
  EXPECT_TRUE((*run)->answer((*run)->waiting()[0], {RunAnswer::Kind::done, "ann", ""}));
  EXPECT_EQ((*run)->poll().value(), RunState::running);
  EXPECT_EQ(labels((*run)->trace()), "parallel:failed block 3:failed step 5:done step 8:waiting");
}

TEST_F(RunTest, while_is_bounded_and_switch_chooses) {
  const std::string loop = branch("while-condition", 1,
                                  R"("condition":"__n__:value = 1",)" + to("on_true", step_id("action", 2)) + "," +
                                      to("on_completion", end_id)) +
                           "," + block_step(2, to("on_completion", step_id("end", 3))) + "," + end_step(3);
  RunLimits limits;
  limits.rounds_most = 5;
  const std::string variables = std::string(ip) + R"(,"__n__":{"type":"integer","value":"1"})";
  const auto run = Run::start(spec(load(playbook_with(loop, variables, "", step_id("while-condition", 1)))), applier_,
                              journal_, clock_, nullptr, limits);
  EXPECT_EQ((*run)->poll().value(), RunState::failed);
  EXPECT_EQ(applier_.asked.size(), 5U);
  const std::string choice =
      branch("switch-condition", 1,
             R"("switch":"__n__:value","cases":{"1":")" + step_id("action", 2) + R"(","default":")" +
                 step_id("action", 4) + "\"}," + to("on_completion", end_id)) +
      "," + block_step(2, to("on_completion", step_id("end", 3))) + "," + end_step(3) + "," +
      block_step(4, to("on_completion", step_id("end", 5))) + "," + end_step(5);
  const auto chosen = Run::start(spec(load(playbook_with(choice, variables, "", step_id("switch-condition", 1)))),
                                 applier_, journal_, clock_);
  EXPECT_EQ((*chosen)->poll().value(), RunState::completed);
  EXPECT_EQ(labels((*chosen)->trace()), "switch-condition:done block 2:done");
}

TEST_F(RunTest, delays_and_timeouts_use_the_clock_given) {
  const std::string steps =
      replaced(manual_step(1, to("on_success", end_id) + "," + to("on_failure", step_id("action", 2))),
               R"("type":"action",)", R"("type":"action","delay":60000,"timeout":120000,)") +
      "," + block_step(2, to("on_completion", step_id("end", 3))) + "," + end_step(3);
  const auto run = Run::start(spec(load(playbook_with(steps, ip))), applier_, journal_, clock_);
  EXPECT_EQ((*run)->poll().value(), RunState::running);
  EXPECT_TRUE((*run)->waiting().empty());
  EXPECT_EQ((*run)->wake_at(), clock_.now() + std::chrono::minutes(1));
  clock_.advance_to(*(*run)->wake_at());
  EXPECT_EQ((*run)->poll().value(), RunState::running);
  EXPECT_EQ((*run)->waiting().size(), 1U);
  EXPECT_EQ((*run)->wake_at(), clock_.now() + std::chrono::minutes(2));
  clock_.advance_to(*(*run)->wake_at());
  EXPECT_EQ((*run)->poll().value(), RunState::completed);
  EXPECT_EQ(labels((*run)->trace()), "step 1:timed_out block 2:done");
}

TEST_F(RunTest, a_crash_at_every_record_converges) {
  const std::string steps = block_step(1, to("on_completion", step_id("action", 2))) + "," +
                            block_step(2, to("on_completion", step_id("action", 3))) + "," +
                            block_step(3, to("on_completion", end_id));
  const PlanRef plan = load(playbook_with(steps, ip));
  const auto whole = Run::start(spec(plan), applier_, journal_, clock_);
  ASSERT_EQ((*whole)->poll().value(), RunState::completed);
  const std::vector<RunRecord> records = journal_.all;
  for (std::size_t kept = 1; kept < records.size(); ++kept) {
    Applier again;
    Records rest;
    const auto run = Run::resume(spec(plan), {records.begin(), records.begin() + static_cast<std::ptrdiff_t>(kept)},
                                 again, rest, clock_);
    ASSERT_EQ((*run)->poll().value(), RunState::completed) << kept;
    std::size_t known = 0;
    for (std::size_t i = 0; i < kept; ++i) known += records[i].kind == RunRecord::Kind::outcome ? 1U : 0U;
    EXPECT_EQ(again.asked.size(), 3 - known) << kept;
    EXPECT_EQ((*run)->applied(), (*whole)->applied()) << kept;
  }
}

TEST_F(RunTest, waits_for_an_approver_beyond_the_steps_own_time) {
  const std::string step =
      replaced(block_step(1, to("on_completion", end_id)), R"("type":"action",)", R"("type":"action","timeout":5000,)");
  applier_.state = Outcome::State::pending;
  const auto run = Run::start(spec(load(playbook_with(step, ip))), applier_, journal_, clock_);
  EXPECT_EQ((*run)->poll().value(), RunState::running);
  ASSERT_EQ((*run)->awaiting_approval().size(), 1U);
  EXPECT_EQ((*run)->awaiting_approval()[0], applier_.asked[0].key);
  for (int i = 0; i < 30; ++i) {
    clock_.advance_to(*(*run)->wake_at());
    EXPECT_EQ((*run)->poll().value(), RunState::running);
  }
  EXPECT_EQ(labels((*run)->trace()), "block 1:waiting");
  EXPECT_EQ((*run)->trace()[1].commands.size(), 1U);
  applier_.state = Outcome::State::already;
  clock_.advance_to(*(*run)->wake_at());
  EXPECT_EQ((*run)->poll().value(), RunState::completed);
  std::string kinds;
  for (const RunRecord& record : journal_.all) kinds += std::string(run_record_kind_name(record.kind)) + " ";
  EXPECT_EQ(kinds, "started step intent waiting outcome finished ");
  EXPECT_EQ(applier_.asked.back().key, applier_.asked.front().key);
  EXPECT_TRUE(applier_.undone.empty());
}

TEST_F(RunTest, a_cancelled_run_withdraws_what_awaits_approval) {
  applier_.state = Outcome::State::pending;
  const auto run =
      Run::start(spec(load(playbook_with(block_step(1, to("on_completion", end_id)), ip))), applier_, journal_, clock_);
  ASSERT_TRUE((*run)->poll());
  EXPECT_TRUE((*run)->cancel("not needed"));
  ASSERT_EQ(applier_.undone.size(), 1U);
  EXPECT_EQ(applier_.undone[0], applier_.asked[0].key);
  EXPECT_EQ((*run)->state(), RunState::cancelled);
}

TEST_F(RunTest, a_silent_guard_is_asked_again_within_the_steps_time_and_unknown_after) {
  const std::string step =
      replaced(block_step(1, to("on_completion", end_id)), R"("type":"action",)", R"("type":"action","timeout":5000,)");
  applier_.silent = true;
  const auto run = Run::start(spec(load(playbook_with(step, ip))), applier_, journal_, clock_);
  EXPECT_EQ((*run)->poll().value(), RunState::running);
  EXPECT_TRUE((*run)->awaiting_approval().empty());
  while ((*run)->state() == RunState::running) {
    clock_.advance_to(*(*run)->wake_at());
    ASSERT_TRUE((*run)->poll());
  }
  EXPECT_EQ((*run)->state(), RunState::failed);
  ASSERT_GE(journal_.all.size(), 2U);
  EXPECT_EQ(journal_.all[journal_.all.size() - 2].status, "unknown");
  EXPECT_EQ(applier_.asked.size(), 4U);  // at 0, 2, 4 and 5 seconds
}

TEST_F(RunTest, a_run_is_found_again_from_its_own_records) {
  class One final : public PlaybookLibrary {
   public:
    PlanRef find(std::string_view id, std::string_view version) const override {
      return plan->id() == id && plan->version() == version ? plan : nullptr;
    }
    PlanRef plan;
  };
  One library;
  library.plan = load(playbook_with(block_step(1, to("on_completion", end_id)), ip));
  RunSpec given = spec(library.plan);
  given.inputs = {{"__ip__", "198.51.100.7"}};
  given.incident = "INC-2026-0042";
  given.behalf.uid = 1000;
  journal_.most = 5;  // started, input, step, intent; its outcome is lost
  const auto run = Run::start(given, applier_, journal_, clock_);
  journal_.most = 4;
  EXPECT_FALSE((*run)->poll());
  std::vector<RunRecord> read;
  for (const RunRecord& record : journal_.all) read.push_back(*parse_run_record(render_json(record)));
  const auto found = spec_of_records("run-1", read, library);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->inputs, given.inputs);
  EXPECT_EQ(found->incident, given.incident);
  EXPECT_EQ(found->reason, given.reason);
  EXPECT_EQ(found->behalf, given.behalf);
  journal_.most = SIZE_MAX;
  const auto again = Run::resume(*found, read, applier_, journal_, clock_, &library);
  EXPECT_EQ((*again)->poll().value(), RunState::completed);
  ASSERT_EQ(applier_.asked.size(), 2U);
  EXPECT_EQ(applier_.asked[0].key, applier_.asked[1].key);
  std::size_t intents = 0;
  for (const RunRecord& record : journal_.all) intents += record.kind == RunRecord::Kind::intent ? 1U : 0U;
  EXPECT_EQ(intents, 1U);
  read.front().detail = library.plan->id() + " 2001-01-01T00:00:00.000Z";
  EXPECT_EQ(spec_of_records("run-1", read, library).error().code, Code::not_found);
  EXPECT_EQ(spec_of_records("run-1", {}, library).error().code, Code::invalid);
  EXPECT_FALSE(parse_run_record("{\"kind\":\"dance\"}"));
  EXPECT_FALSE(parse_run_record("["));
}

TEST_F(RunTest, a_full_journal_stops_before_the_effect) {
  journal_.most = 2;  // started, step
  const auto run =
      Run::start(spec(load(playbook_with(block_step(1, to("on_completion", end_id)), ip))), applier_, journal_, clock_);
  EXPECT_EQ((*run)->poll().error().code, Code::exhausted);
  EXPECT_TRUE(applier_.asked.empty());
}

TEST_F(RunTest, revoked_expired_foreign_and_unexplained_are_refused) {
  const std::string steps = block_step(1, to("on_completion", end_id));
  EXPECT_EQ(
      Run::start(spec(load(playbook_with(steps, ip, R"("revoked":true,)"))), applier_, journal_, clock_).error().code,
      Code::conflict);
  EXPECT_EQ(Run::start(spec(load(playbook_with(steps, ip, R"("valid_until":"2001-01-01T00:00:00.000Z",)"))), applier_,
                       journal_, clock_)
                .error()
                .code,
            Code::conflict);
  RunSpec silent = spec(load(playbook_with(steps, ip)));
  silent.reason.clear();
  EXPECT_EQ(Run::start(silent, applier_, journal_, clock_).error().code, Code::usage);
  const std::string shell =
      replaced(manual_step(1, to("on_completion", end_id)), R"("type":"manual")", R"("type":"bash")");
  EXPECT_EQ(Run::start(spec(load(playbook_with(shell, ip))), applier_, journal_, clock_).error().code, Code::denied);
}

TEST_F(RunTest, a_rehearsal_says_what_stands_in_the_way) {
  class Blocked final : public ActionGateway {
   public:
    Result<Rehearsed> rehearse(const ActionRequest&) override {
      Rehearsed out;
      out.forecast.obstacle = "there is no channel \"operators\"";
      return out;
    }
    Result<Applied> apply(const ActionRequest&) override { return Applied{}; }
    Result<Verification> verify(const std::string&) override { return Verification{}; }
    Result<Outcome> undo(const std::string&, const std::string&) override { return Outcome{}; }
  } gateway;
  const auto shown = rehearse(load(playbook_with(block_step(1, to("on_completion", end_id)), ip)), {}, gateway, clock_);
  EXPECT_EQ(shown->result, RunState::failed);
  EXPECT_NE(render_text(*shown).find("would fail: there is no channel"), std::string::npos);
}

TEST_F(RunTest, a_rehearsal_applies_nothing_and_tells_what_is_refused_anywhere) {
  const PlanRef plan = load(playbook_with(block_step(1, to("on_completion", end_id)), ip));
  OfflineGateway offline;
  const auto good = rehearse(plan, {{"__ip__", "198.51.100.7"}}, offline, clock_);
  ASSERT_TRUE(good.has_value());
  EXPECT_EQ(good->result, RunState::completed);
  EXPECT_NE(render_text(*good).find("drop every packet from and to 198.51.100.7"), std::string::npos);
  const auto own = rehearse(plan, {{"__ip__", "127.0.0.1"}}, offline, clock_);
  EXPECT_EQ(own->result, RunState::failed);
  EXPECT_NE(render_json(*own).find("\"verdict\":\"refused\""), std::string::npos);
  EXPECT_EQ(render_json(*own), render_json(*rehearse(plan, {{"__ip__", "127.0.0.1"}}, offline, clock_)));
}

}  // namespace
}  // namespace tocsin::responders
