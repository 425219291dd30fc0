// Steps that people in roles must agree to.
#include <gtest/gtest.h>

#include "responders/action/table.h"
#include "responders/playbook/run/run.h"
#include "responders/playbook/run/simulate.h"
#include "tests/unit/responders/playbook/example.h"

namespace tocsin::responders {
namespace {

class Records final : public RunJournal {
 public:
  Result<void> append(std::span<const RunRecord> records) override {
    for (const RunRecord& record : records) {
      const auto back = parse_run_record(render_json(record));
      EXPECT_TRUE(back);
      all.push_back(*back);
    }
    return {};
  }
  std::vector<RunRecord> all;
};

using Kind = RunAgreement::Kind;

// The manual step needs an approver and a responder; its word goes into __ok__ where `out` says so.
std::string playbook(std::string_view approvals = R"({"approver":1,"responder":1})", std::string_view out = "__ok__") {
  const std::string extension =
      R"("step_extensions":{"extension-definition--9b7a1f52-3c64-4d0e-a5c1-6d2f80e4b713":{"approvals":)" +
      std::string(approvals) + "}},";
  const std::string outs = out.empty() ? "" : R"("out_args":[")" + std::string(out) + "\"],";
  return playbook_with(manual_step(1, extension + outs + to("on_completion", end_id)),
                       R"("__ip__":{"type":"ipv4-addr","value":"192.0.2.1"},"__ok__":{"type":"bool","value":"false"})");
}

RunAgreement word(const std::string& person, std::set<std::string> roles, Kind kind = Kind::granted) {
  return {kind, person, "name of " + person, std::move(roles), "because", {}};
}

class AgreeTest : public ::testing::Test {
 protected:
  RunSpec spec(const std::string& text) {
    Diagnostics diagnostics;
    RunSpec out;
    out.id = "run-1";
    out.plan = load_playbook(text, "test.json", diagnostics).value_or(nullptr);
    EXPECT_NE(out.plan, nullptr);
    out.mode = RunMode::apply;
    out.reason = "test";
    out.behalf = {1000, 500, 0};
    return out;
  }
  std::unique_ptr<responders::Run> start(const std::string& text) {
    auto run = responders::Run::start(spec(text), nobody_, records_, clock_);
    EXPECT_TRUE(run) << run.error().text();
    EXPECT_EQ((*run)->poll().value(), RunState::running);
    return std::move(*run);
  }
  static std::string asked(const responders::Run& run) {
    const auto all = run.approvals();
    return all.size() == 1 ? missing_text(all.front().missing) : std::to_string(all.size()) + " of them";
  }

  OfflineGateway nobody_;
  Records records_;
  ManualClock clock_;
};

TEST_F(AgreeTest, goes_on_when_each_role_has_its_person) {
  const auto run = start(playbook());
  EXPECT_EQ(asked(*run), "1 approver, 1 responder");
  const std::string execution = run->waiting().front();
  // Nobody answers it, whoever asked for the run says nothing (by the login, sudo or not), roles are needed.
  EXPECT_EQ(run->answer(execution, {RunAnswer::Kind::done, "eve", "done"}).error().code, Code::denied);
  EXPECT_EQ(run->agree(execution, word("500", {"approver", "responder"})).error().code, Code::denied);
  EXPECT_EQ(run->agree(execution, word("7", {"viewer"})).error().code, Code::denied);
  EXPECT_EQ(run->agree("elsewhere", word("7", {"approver"})).error().code, Code::not_found);
  ASSERT_TRUE(run->agree(execution, word("7", {"approver", "responder"})));
  EXPECT_EQ(run->agree(execution, word("7", {"approver", "responder"})).error().code, Code::conflict);
  EXPECT_EQ(run->poll().value(), RunState::running);
  ASSERT_TRUE(run->agree(execution, word("8", {"approver"})));
  EXPECT_EQ(run->poll().value(), RunState::completed);
  EXPECT_TRUE(run->approvals().empty());
}

TEST_F(AgreeTest, a_no_is_a_value_where_the_step_has_one_and_a_failure_where_not) {
  for (const char* out : {"__ok__", ""}) {
    const auto run = start(playbook(R"({"approver":2})", out));
    ASSERT_TRUE(run->agree(run->waiting().front(), word("7", {"approver"}, Kind::denied)));
    EXPECT_EQ(run->poll().value(), *out != '\0' ? RunState::completed : RunState::failed) << out;
  }
}

TEST_F(AgreeTest, what_was_decided_while_the_run_is_held_stays_decided) {
  const auto run = start(playbook(R"({"approver":2})", ""));
  const std::string execution = run->waiting().front();
  ASSERT_TRUE(run->pause("wait"));
  ASSERT_TRUE(run->agree(execution, word("7", {"approver"}, Kind::denied)));
  EXPECT_TRUE(run->waiting().empty());
  EXPECT_EQ(run->answer(execution, {RunAnswer::Kind::done, "eve", "done"}).error().code, Code::conflict);
  EXPECT_EQ(run->agree(execution, word("8", {"approver"})).error().code, Code::not_found);
  ASSERT_TRUE(run->go_on("go"));
  EXPECT_EQ(run->poll().value(), RunState::failed);
}

TEST_F(AgreeTest, what_was_said_is_known_after_a_crash_at_every_record) {
  const auto whole = start(playbook());
  const std::string execution = whole->waiting().front();
  ASSERT_TRUE(whole->agree(execution, word("7", {"responder"})));
  clock_.advance_to(Time{std::chrono::hours(1)});
  ASSERT_TRUE(whole->agree(execution, word("8", {"approver"})));
  ASSERT_EQ(whole->poll().value(), RunState::completed);
  for (std::size_t cut = 1; cut < records_.all.size(); ++cut) {
    Records again;
    const std::vector<RunRecord> before(records_.all.begin(), records_.all.begin() + static_cast<std::ptrdiff_t>(cut));
    const auto run = responders::Run::resume(spec(playbook()), before, nobody_, again, clock_).value();
    auto state = run->poll().value();
    for (const auto& [person, role] : {std::pair{"7", "responder"}, std::pair{"8", "approver"}})
      if (state == RunState::running && asked(*run).find(role) != std::string::npos) {
        ASSERT_TRUE(run->agree(execution, word(person, {role}))) << cut;
        state = run->poll().value();
      }
    EXPECT_EQ(state, RunState::completed) << cut;
  }
}

TEST_F(AgreeTest, the_steps_own_time_ends_the_waiting) {
  std::string text = playbook();
  text = replaced(text, R"("step_extensions")", R"("timeout":60000,"step_extensions")");
  const auto run = start(text);
  ASSERT_TRUE(run->agree(run->waiting().front(), word("7", {"responder"})));
  clock_.advance_to(Time{std::chrono::minutes(1)});
  EXPECT_EQ(run->poll().value(), RunState::failed);
}

TEST_F(AgreeTest, a_fixture_agrees_for_everybody) {
  Fixture fixture;
  const auto yes = simulate(spec(playbook(R"({"approver":2,"admin":1})")).plan, fixture, nullptr);
  ASSERT_TRUE(yes);
  EXPECT_EQ(yes->result, RunState::completed);
  EXPECT_NE(render_text(*yes).find("to be agreed to by 1 admin, 2 approver"), std::string::npos) << render_text(*yes);
  fixture.answers["step 1"] = {{Fixture::Answer::Kind::failed, {}}};
  EXPECT_EQ(simulate(spec(playbook(R"({"approver":2})", "")).plan, fixture, nullptr)->result, RunState::failed);
}

TEST(Approvals, mistakes_are_told) {
  const auto codes = [](const std::string& text) {
    Diagnostics diagnostics;
    static_cast<void>(load_playbook(text, "test.json", diagnostics));
    std::string out;
    for (const Diagnostic& d : diagnostics.all())
      if (d.severity == Severity::error) out += d.code + " ";
    return out;
  };
  EXPECT_EQ(codes(playbook()), "");
  for (const char* wrong :
       {R"({"boss":1})", R"({"approver":0})", R"({"approver":10})", R"({"approver":"1"})", "{}", "[]"})
    EXPECT_EQ(codes(playbook(wrong)), "P0707 ") << wrong;
  EXPECT_EQ(codes(replaced(playbook(), R"("type":"manual","command":"look at __ip__:value")",
                           R"("type":"bash","command":"true")")),
            "P0707 ");
}

}  // namespace
}  // namespace tocsin::responders
