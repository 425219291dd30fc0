// YARA over memory of processes: what is found is where it is, what may not be looked at is not, and nothing waits for
// ever.
#include <gtest/gtest.h>
#include <unistd.h>

#include <thread>

#include "collectors/base/base64.h"
#include "collectors/base/text.h"
#include "responders/action/process_lend_memory/process_lend_memory.h"
#include "responders/playbook/command/desk.h"
#include "responders/playbook/command/payload.h"
#include "responders/playbook/command/protocol.h"
#include "responders/playbook/json/document.h"
#include "responders/playbook/plan.h"
#include "tests/unit/responders/action/keeper.h"

namespace tocsin::responders {
namespace {

using State = CommandAnswer::State;
constexpr std::string_view step = "action--b9a31a3a-15d0-4d5c-8f4f-0f3d8b0f8a11";

// Memory of a made-up process: each text a run of its own, all one behind the other in the copy.
struct Piece {
  std::uint64_t begin;
  std::string text;
};
LentMemory lent(const std::vector<std::vector<Piece>>& mappings, std::string_view cut = {}) {
  Dump dump;
  auto memory = make_memory_file("test");
  auto index = make_memory_file("test");
  for (const auto& pieces : mappings) {
    DumpedMapping& mapping = dump.mappings.emplace_back();
    mapping.mapping.begin = pieces.front().begin;
    mapping.mapping.end = pieces.back().begin + pieces.back().text.size();
    mapping.mapping.readable = mapping.mapping.writable = true;
    mapping.mapping.path = "[heap]";
    for (const Piece& piece : pieces) {
      mapping.runs.push_back({piece.begin, piece.text.size(), dump.bytes});
      EXPECT_TRUE(write_all(memory->get(), as_bytes(piece.text)));
      dump.bytes += piece.text.size();
    }
  }
  HostProcess process;
  process.pid = 812;
  process.started = 99;
  EXPECT_TRUE(write_all(index->get(), as_bytes(render_index(process, dump, cut))));
  EXPECT_TRUE(seal_memory_file(memory->get()));
  EXPECT_TRUE(seal_memory_file(index->get()));
  auto out = LentMemory::open(std::move(*memory), std::move(*index));
  EXPECT_TRUE(out) << out.error().text();
  return std::move(*out);
}

constexpr std::string_view both_words = "rule two { strings: $a = \"left\" $b = \"right\" condition: any of them }";

TEST(MemoryScan, AMatchIsAtItsAddressInTheProcess) {
  ScanResult found;
  ASSERT_TRUE(scan_memory(both_words, lent({{{0x1000, "..left.."}, {0x2000, "....right"}}}, "it is large"), {}, found));
  ASSERT_EQ(found.matches.size(), 2U);
  EXPECT_EQ(found.matches[0].path, "process:812@99");
  EXPECT_EQ(found.matches[0].mapping.path, "[heap]");
  ASSERT_EQ(found.matches[0].strings.size(), 1U);
  EXPECT_EQ(found.matches[0].strings[0].identifier, "$a");
  EXPECT_EQ(found.matches[0].strings[0].address, 0x1002U);
  EXPECT_EQ(found.matches[1].strings[0].address, 0x2004U);
  EXPECT_EQ(found.matches[1].strings[0].length, 5U);
  ASSERT_EQ(found.processes.size(), 1U);
  EXPECT_EQ(found.processes[0].cut, "it is large");
  const JsonDocument document = read_json(render_json(found, 1U << 20U));
  ASSERT_TRUE(document.problems.empty());
  const JsonNode& first = document.root.find("found")->items.at(0);
  EXPECT_EQ(first.find("rule")->text, "two");
  EXPECT_EQ(first.find("mapping")->find("permissions")->text, "rw-p");
  EXPECT_EQ(first.find("strings")->items.at(0).find("address")->text, "1002");
  EXPECT_FALSE(document.root.find("processes")->items.at(0).find("complete")->boolean);
}

TEST(MemoryScan, NoMatchReachesOverAnEdge) {
  constexpr std::string_view rule = "rule over { strings: $a = \"leftright\" condition: $a }";
  ScanResult found;
  // Neighbours in the copy, and even in the process: another mapping, or pages between that were not there.
  ASSERT_TRUE(scan_memory(rule, lent({{{0x1000, "left"}}, {{0x1004, "right"}}}), {}, found));
  ASSERT_TRUE(scan_memory(rule, lent({{{0x1000, "left"}, {0x2000, "right"}}}), {}, found));
  constexpr std::string_view all = "rule whole { strings: $a = \"left\" $b = \"right\" condition: all of them }";
  ASSERT_TRUE(scan_memory(all, lent({{{0x1000, "left"}}, {{0x9000, "right"}}}), {}, found));
  EXPECT_EQ(found.found, 0U);
  ASSERT_TRUE(scan_memory(all, lent({{{0x1000, "left and right"}}}), {}, found));
  EXPECT_EQ(found.found, 1U);
  EXPECT_EQ(found.matches.at(0).strings.size(), 2U);
  EXPECT_EQ(found.processes.size(), 4U);
}

TEST(MemoryScan, StopsWhenItsTimeIsOverOrNobodyWaits) {
  ScanLimits limits;
  ScanResult found;
  limits.time = Duration::zero();
  const LentMemory memory = lent({{{0x1000, "left"}}});
  EXPECT_EQ(scan_memory(both_words, memory, limits, found).error().code, Code::timed_out);
  const std::atomic<bool> stop{true};
  limits.time = std::chrono::minutes(1);
  limits.stop = &stop;
  EXPECT_EQ(scan_memory(both_words, memory, limits, found).error().code, Code::conflict);
  EXPECT_EQ(scan_memory("rule", memory, {}, found).error().code, Code::invalid);
}

TEST(MemoryScan, ItsOutputIsCapped) {
  std::vector<std::vector<Piece>> many;
  many.reserve(1500);
  for (std::uint64_t i = 0; i < 1500; ++i) many.push_back({{0x1000 * (i + 1), "left"}});
  ScanResult found;
  ASSERT_TRUE(scan_memory(both_words, lent(many), {}, found));
  EXPECT_EQ(found.found, 1500U);
  EXPECT_EQ(found.matches.size(), 1000U);
  EXPECT_LT(render_json(found, 4096).size(), 6000U);
  EXPECT_TRUE(read_json(render_json(found, 4096)).problems.empty());
}

TEST(ProcessTarget, IsWrittenInFourWays) {
  EXPECT_EQ(parse_process_target("process:812")->pid, 812U);
  const auto whole = parse_process_target("process:812@99173:/usr/bin/a b:c");
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->started, 99'173U);
  EXPECT_EQ(whole->executable, "/usr/bin/a b:c");
  EXPECT_EQ(parse_process_target("process:812:/usr/bin/x")->executable, "/usr/bin/x");
  for (const std::string_view text :
       {"process:", "process:0", "process:-1", "process:x", "process:4194305", "process:1@", "process:1@x",
        "process:1:", "process:1:relative", "process:1 ", "process:1@1@1", "812", "processes:1", "process:0x10",
        "process:18446744073709551617"})
    EXPECT_FALSE(parse_process_target(text)) << text;
}

// A guard that is asked in the same process, and says what the test wants.
struct Guardian {
  std::atomic<int> pending{0};  // so often it awaits an approver
  std::string refuses;
  std::atomic<int> withdrawn{0};
  std::vector<ActionRequest> asked;
  ManualClock clock{Time{std::chrono::seconds(1'700'000'000)}};
  SeededRandom random{1};
  ActionEnvironment environment{clock, random, {}, {}};
  std::unique_ptr<Action> action = make_process_lend_memory(environment);
};

class Lender final : public LendingGateway {
 public:
  explicit Lender(Guardian& guardian) : guardian_(guardian) {}
  Result<Rehearsed> rehearse(const ActionRequest& request) override {
    TOCSIN_TRY(const Parameters parameters, parse_parameters(process_lend_memory_spec, request.parameters));
    Rehearsed out;
    TOCSIN_TRY(out.forecast, guardian_.action->rehearse(parameters));
    out.verdict = {GuardVerdict::Kind::allowed, "mode", "automatic"};
    if (!guardian_.refuses.empty()) out.verdict = {GuardVerdict::Kind::refused, "mode", guardian_.refuses};
    return out;
  }
  Result<Applied> apply(const ActionRequest& request) override {
    guardian_.asked.push_back(request);
    if (!guardian_.refuses.empty()) return fail(Code::denied, guardian_.refuses);
    Applied out;
    if (guardian_.pending-- > 0) {
      out.outcome.state = Outcome::State::pending;
      out.outcome.summary = "awaits an approver";
      return out;
    }
    TOCSIN_TRY(const Parameters parameters, parse_parameters(process_lend_memory_spec, request.parameters));
    TOCSIN_TRY(out.outcome, guardian_.action->apply(parameters, request.key));
    return out;
  }
  Result<Verification> verify(const std::string&) override { return fail(Code::not_found, "never asked"); }
  Result<Outcome> undo(const std::string&, const std::string&) override {
    ++guardian_.withdrawn;
    return Outcome{};
  }
  Result<std::vector<OwnedDescriptor>> take(const std::string& key) override { return guardian_.action->take(key); }

 private:
  Guardian& guardian_;
};

// One yara command over one in_arg.
std::shared_ptr<const std::string> playbook(std::string_view rules, std::string_view name, std::string_view type) {
  std::string out = R"({"type":"playbook","spec_version":"cacao-2.0",
    "id":"playbook--1d6a1a4e-6bb0-4a43-8a02-ce3f2a2b1a01","name":"look","created_by":"identity--1d6a1a4e-6bb0-4a43-8a02-ce3f2a2b1a02",
    "created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z",
    "playbook_variables":{"@name":{"type":"@type","external":true}},
    "workflow_start":"start--b9a31a3a-15d0-4d5c-8f4f-0f3d8b0f8a10",
    "workflow":{"start--b9a31a3a-15d0-4d5c-8f4f-0f3d8b0f8a10":{"type":"start","on_completion":"action--b9a31a3a-15d0-4d5c-8f4f-0f3d8b0f8a11"},
      "action--b9a31a3a-15d0-4d5c-8f4f-0f3d8b0f8a11":{"type":"action","commands":[{"type":"yara","command_b64":"@rules"}],
        "agent":"individual--b9a31a3a-15d0-4d5c-8f4f-0f3d8b0f8a13","in_args":["@name"],
        "on_completion":"end--b9a31a3a-15d0-4d5c-8f4f-0f3d8b0f8a12"},
      "end--b9a31a3a-15d0-4d5c-8f4f-0f3d8b0f8a12":{"type":"end"}},
    "agent_definitions":{"individual--b9a31a3a-15d0-4d5c-8f4f-0f3d8b0f8a13":{"type":"individual","name":"Ann"}}})";
  for (const auto& [mark, text] : {std::pair<std::string_view, std::string>{"@name", std::string(name)},
                                   {"@type", std::string(type)},
                                   {"@rules", to_base64(rules)}})
    for (auto at = out.find(mark); at != std::string::npos; at = out.find(mark)) out.replace(at, mark.size(), text);
  return std::make_shared<const std::string>(std::move(out));
}

class MemoryDesk : public ::testing::Test {
 protected:
  void open(LenderFactory lender) {
    CommandPolicy policy;
    policy.types = {"yara"};
    policy.signatures = CommandPolicy::Signatures::shells;
    policy.time_most = std::chrono::seconds(20);
    auto opened = CommandDesk::open(std::move(policy), {}, wall_, {}, std::move(lender));
    ASSERT_TRUE(opened) << opened.error().text();
    desk_ = std::move(*opened);
  }
  void SetUp() override {
    open([this](Duration) { return std::make_unique<Lender>(guardian_); });
  }
  // As it arrives at the runner.
  CommandRequest asked(std::string target, std::string_view name = "__what__", std::string_view type = "string") const {
    RunnerRequest sent;
    CommandRequest& request = sent.request;
    request.key = "0123456789abcdef0123456789abcdef";
    request.playbook = playbook("rule kept { strings: $a = \"" + Keeper::secret() + "\" condition: $a }", name, type);
    request.step = step;
    request.reason = "seen";
    request.cause.rule = "rule-1";
    request.cause.depth = 2;
    request.values.push_back({std::string(name), *parse_variable_type(type), std::move(target)});
    auto arrived = parse_runner_request(render_request(sent));
    EXPECT_TRUE(arrived) << arrived.error().text();
    return std::move(arrived->request);
  }
  CommandAnswer done(const CommandRequest& request) {
    while (true) {
      auto answer = desk_->run(request);
      EXPECT_TRUE(answer) << answer.error().text();
      if (!answer || answer->state != State::running) return answer.value_or(CommandAnswer{});
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }
  static std::string output(const CommandAnswer& answer, std::string_view name) {
    for (const auto& [key, value] : answer.outputs)
      if (key == name) return value;
    return "none";
  }
  // At least the three that the keeper wrote: it has inherited what tests before left on the heap.
  static std::uint64_t matches(const CommandAnswer& answer) {
    return parse_unsigned(output(answer, "matches")).value_or(0);
  }

  // First, so that it does not inherit the rules.
  const Keeper keeper_;
  const std::string target_ = "process:" + std::to_string(keeper_.pid());
  ManualClock wall_{Time{std::chrono::sys_days(std::chrono::year(2026) / 11 / 23)}};
  Guardian guardian_;
  std::unique_ptr<CommandDesk> desk_;
};

TEST_F(MemoryDesk, FindsWhatOnlyMemoryHolds) {
  const CommandRequest request = asked(target_);
  const auto verdict = desk_->judge(request);
  ASSERT_TRUE(verdict) << verdict.error().text();
  EXPECT_EQ(verdict->kind, GuardVerdict::Kind::allowed);
  EXPECT_NE(verdict->reason.find("look into the memory of " + std::to_string(keeper_.pid())), std::string::npos);
  EXPECT_TRUE(guardian_.asked.empty());  // a rehearsal lends nothing
  const CommandAnswer answer = done(request);
  EXPECT_EQ(answer.state, State::done) << answer.summary;
  EXPECT_GE(matches(answer), 3U);
  EXPECT_EQ(output(answer, "complete"), "true");
  EXPECT_EQ(answer.output.find(Keeper::secret()), std::string::npos);  // where it is, never what it is
  const JsonDocument document = read_json(answer.output);
  std::set<std::string> addresses;
  for (const JsonNode& match : document.root.find("found")->items)
    for (const JsonNode& string : match.find("strings")->items) addresses.insert(string.find("address")->text);
  for (const std::uint64_t at : {std::uint64_t{0}, std::uint64_t{10 * Keeper::page}, Keeper::reserved - Keeper::page})
    EXPECT_TRUE(addresses.contains(fmt::format("{:x}", keeper_.memory() + at))) << answer.output;
  ASSERT_EQ(guardian_.asked.size(), 1U);
  EXPECT_EQ(guardian_.asked[0].rule, "rule-1");
  EXPECT_EQ(guardian_.asked[0].depth, 2);
  EXPECT_EQ(guardian_.asked[0].reason, "seen");
}

TEST_F(MemoryDesk, TheNumberOfAnIncidentIsAProcess) {
  CommandRequest request = asked(std::to_string(keeper_.pid()), "__pid__", "integer");
  request.cause.processes = {{static_cast<std::uint64_t>(keeper_.pid()), read_process(keeper_.pid())->executable}};
  EXPECT_GE(matches(done(request)), 3U);
  // It runs another file now: the number was given away.
  request.key += "2";
  request.cause.processes.front().second = "/usr/bin/other";
  const CommandAnswer answer = done(request);
  EXPECT_EQ(answer.state, State::failed);
  EXPECT_NE(answer.summary.find("not /usr/bin/other"), std::string::npos) << answer.summary;
}

TEST_F(MemoryDesk, AnotherProcessOrNoneIsNotLookedInto) {
  const auto started = read_process(keeper_.pid())->started;
  EXPECT_EQ(done(asked(fmt::format("{}@{}", target_, started))).state, State::done);
  CommandRequest request = asked(fmt::format("{}@{}", target_, started + 1));
  request.key += "b";
  EXPECT_NE(done(request).summary.find("another process"), std::string::npos);
  EXPECT_EQ(desk_->judge(request)->rule, "process");
  request = asked("process:4194304");
  request.key += "c";
  const CommandAnswer answer = done(request);
  EXPECT_EQ(answer.state, State::failed);
  EXPECT_NE(answer.summary.find("there is no process 4194304 (while looking into"), std::string::npos)
      << answer.summary;
  EXPECT_EQ(output(answer, "complete"), "false");
}

TEST_F(MemoryDesk, WhatTheGuardRefusesIsNotLookedInto) {
  guardian_.refuses = "refused (mode): nothing is applied";
  EXPECT_EQ(desk_->judge(asked(target_))->kind, GuardVerdict::Kind::refused);
  const CommandAnswer answer = done(asked(target_));
  EXPECT_EQ(answer.state, State::failed);
  EXPECT_NE(answer.summary.find("refused (mode)"), std::string::npos) << answer.summary;
  EXPECT_EQ(output(answer, "matches"), "0");
  open(nullptr);
  EXPECT_NE(desk_->judge(asked(target_))->reason.find("`responder`"), std::string::npos);
  EXPECT_EQ(desk_->run(asked(target_)).error().code, Code::denied);
}

TEST_F(MemoryDesk, WaitsForAnApprover) {
  guardian_.pending = 1;
  const CommandAnswer answer = done(asked(target_));
  EXPECT_GE(matches(answer), 3U) << answer.summary;
  EXPECT_EQ(guardian_.asked.size(), 2U);
  EXPECT_EQ(guardian_.asked[0].key, guardian_.asked[1].key);
  EXPECT_EQ(guardian_.withdrawn, 0);
}

TEST_F(MemoryDesk, NobodyWaitsAnyMoreSoTheRequestIsWithdrawn) {
  guardian_.pending = 1000;
  const CommandRequest request = asked(target_);
  ASSERT_TRUE(desk_->run(request));
  while (desk_->run(request)->summary != "awaits an approver")
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  desk_->cancel(request.key);
  EXPECT_EQ(done(request).state, State::failed);
  EXPECT_EQ(guardian_.withdrawn, 1);
}

TEST_F(MemoryDesk, AHostileNameOfAProcessIsRefused) {
  for (const char* text : {"process:1;id", "process:", "process:1@", "process:1:sh", "process:-1", "process:1\n2"}) {
    const auto verdict = desk_->judge(asked(text));
    ASSERT_TRUE(verdict);
    EXPECT_EQ(verdict->rule, "process") << text;
  }
  EXPECT_EQ(desk_->judge(asked("812"))->rule, "path");  // a number alone is not meant
}

TEST(ProcessTarget, AWrongOneIsFoundWhereThePlaybookIsChecked) {
  const auto codes = [](const std::string& value) {
    std::string text = *playbook("rule a { condition: true }", "__what__", "string");
    const std::string_view external = R"("external":true)";
    text.replace(text.find(external), external.size(), R"("value":")" + value + '"');
    Diagnostics diagnostics;
    [[maybe_unused]] const auto plan = load_playbook(text, "playbook", diagnostics);
    std::string out;
    for (const Diagnostic& diagnostic : diagnostics.all())
      if (diagnostic.severity == Severity::error) out += diagnostic.code + " ";
    return out;
  };
  EXPECT_EQ(codes("process:812"), "");
  EXPECT_EQ(codes("process:812@5:/usr/bin/x"), "");
  EXPECT_EQ(codes("/srv/www"), "");
  EXPECT_EQ(codes("process:init"), "P0511 ");
}

}  // namespace
}  // namespace tocsin::responders
