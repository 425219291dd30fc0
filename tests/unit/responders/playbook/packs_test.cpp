// Every shipped playbook: clean under --strict, and its rehearsal is the one kept beside it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "responders/action/table.h"
#include "responders/playbook/run/simulate.h"
#include "responders/playbook/trigger.h"

namespace tocsin::responders {
namespace {

const std::filesystem::path packs = std::filesystem::path(TOCSIN_SOURCE_DIR) / "responders/packs";

std::string read(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::filesystem::path> folders() {
  std::vector<std::filesystem::path> out;
  for (const auto& entry : std::filesystem::directory_iterator(packs))
    if (entry.is_directory()) out.push_back(entry.path());
  std::sort(out.begin(), out.end());
  return out;
}

PlanRef load(const std::filesystem::path& folder) {
  Diagnostics diagnostics;
  auto plan = load_playbook(read(folder / "playbook.json"), (folder / "playbook.json").string(), diagnostics,
                            Strictness::strict);
  for (const Diagnostic& diagnostic : diagnostics.all()) ADD_FAILURE() << render_text(diagnostic);
  return plan.value_or(nullptr);
}

class Shelf final : public PlaybookLibrary {
 public:
  Shelf() {
    for (const auto& folder : folders()) plans.push_back(load(folder));
  }
  PlanRef find(std::string_view id, std::string_view) const override {
    for (const PlanRef& plan : plans)
      if (plan && plan->id() == id) return plan;
    return nullptr;
  }
  std::vector<PlanRef> plans;
};

void expect_golden(const std::filesystem::path& file, const std::string& text) {
  if (std::getenv("TOCSIN_UPDATE_GOLDEN") != nullptr) std::ofstream(file) << text;
  EXPECT_EQ(text, read(file)) << file << ": run with TOCSIN_UPDATE_GOLDEN=1 and read the difference";
}

TEST(Packs, run_by_their_fixture_as_expected) {
  const Shelf shelf;
  for (const auto& folder : folders()) {
    const auto fixture = parse_fixture(read(folder / "fixture.json"));
    ASSERT_TRUE(fixture.has_value()) << folder << ": " << fixture.error().text();
    const auto simulation = simulate(load(folder), *fixture, &shelf);
    ASSERT_TRUE(simulation.has_value()) << folder;
    EXPECT_EQ(simulation->result, RunState::completed) << folder;
    expect_golden(folder / "trace.txt", render_text(*simulation));
  }
}

// Whatever fails first: the run ends, and somebody is told, unless nothing in it can fail.
TEST(Packs, end_when_everything_fails_and_when_nobody_answers) {
  const Shelf shelf;
  for (const auto& folder : folders())
    for (const auto kind : {Fixture::Answer::Kind::failed, Fixture::Answer::Kind::never}) {
      const PlanRef plan = load(folder);
      auto fixture = parse_fixture(read(folder / "fixture.json"));
      ASSERT_TRUE(fixture.has_value());
      fixture->answers.clear();
      for (const PlannedStep& step : plan->steps()) fixture->answers[step.id] = {{kind, {}}};
      const auto simulation = simulate(plan, *fixture, &shelf);
      ASSERT_TRUE(simulation.has_value()) << folder;
      EXPECT_EQ(simulation->result, RunState::failed) << folder;
      EXPECT_NE(plan->exception(), no_step) << folder << " has no workflow_exception";
    }
}

// Somebody who carries out every command there is.
class AnyCommand final : public CommandGateway {
 public:
  Result<GuardVerdict> judge(const CommandRequest&) override { return GuardVerdict{}; }
  Result<CommandAnswer> run(const CommandRequest&) override { return CommandAnswer{}; }
  void cancel(const std::string&) override {}
};

TEST(Packs, rehearse_as_expected) {
  ASSERT_FALSE(folders().empty());
  const Shelf shelf;
  for (const auto& folder : folders()) {
    const PlanRef plan = load(folder);
    ASSERT_NE(plan, nullptr) << folder;
    EXPECT_FALSE(plan->attack().empty()) << folder << " names no ATT&CK technique";
    const AnyCommand runner;
    EXPECT_TRUE(plan->foreign_commands(&runner).empty()) << folder;
    const JsonDocument facts = read_json(read(folder / "inputs.json"));
    ASSERT_TRUE(facts.problems.empty()) << folder;
    Inputs inputs;
    for (const JsonMember& member : facts.root.members) inputs.emplace_back(member.name, member.value.text);
    OfflineGateway offline;
    const ManualClock clock;
    const auto rehearsal =
        rehearse(plan, inputs, offline, clock, facts.root.find("__incident__")->text, Marked::real, &shelf);
    ASSERT_TRUE(rehearsal.has_value()) << folder;
    EXPECT_EQ(rehearsal->result, RunState::completed) << folder;
    expect_golden(folder / "expected.txt", render_text(*rehearsal));
  }
}

TEST(Packs, triggers_name_playbooks_that_are_there) {
  Diagnostics diagnostics;
  const Triggers triggers = Triggers::load(read(packs / "triggers.yaml"), "triggers.yaml", diagnostics);
  for (const Diagnostic& diagnostic : diagnostics.all()) ADD_FAILURE() << render_text(diagnostic);
  std::vector<std::string> ids;
  for (const auto& folder : folders()) ids.push_back(load(folder)->id());
  for (const Trigger& trigger : triggers.all())
    EXPECT_NE(std::find(ids.begin(), ids.end(), trigger.playbook), ids.end()) << trigger.name;
  for (const std::string& id : ids)
    EXPECT_TRUE(std::any_of(triggers.all().begin(), triggers.all().end(), [&](const Trigger& t) {
      return t.playbook == id;
    })) << id;
}

std::vector<std::string> called_by(const Triggers& triggers, const Incident& incident) {
  std::vector<std::string> out;
  for (const auto& called : triggers.match(incident)) out.push_back(called.playbook);
  return out;
}

TEST(Triggers, match_techniques_with_their_children) {
  Diagnostics diagnostics;
  const Triggers triggers =
      Triggers::load("triggers:\n  - {playbook: p1, attack: [T1110], severity: 40}\n  - {playbook: p2, rules: [r9]}\n",
                     "t", diagnostics);
  ASSERT_FALSE(diagnostics.has_errors());
  Incident incident;
  incident.severity = 50;
  IncidentAlert alert;
  alert.attack = {"T1110.001", "credential-access"};
  incident.alerts.push_back(alert);
  EXPECT_EQ(called_by(triggers, incident), std::vector<std::string>{"p1"});
  incident.severity = 39;
  EXPECT_TRUE(triggers.match(incident).empty());
  Diagnostics none;
  const Triggers tagged = Triggers::load("triggers:\n  - {playbook: p3, tags: [credential-access]}\n", "t", none);
  EXPECT_EQ(called_by(tagged, incident), std::vector<std::string>{"p3"});
  incident.alerts[0].attack = {"T11101"};
  incident.alerts[0].rule = "r9";
  EXPECT_EQ(called_by(triggers, incident), std::vector<std::string>{"p2"});
}

TEST(Triggers, apply_only_when_told_and_name_the_latest_alert_that_fits) {
  Diagnostics diagnostics;
  const Triggers triggers = Triggers::load(
      "triggers:\n  - {playbook: p1, name: one, attack: [T1110], mode: apply}\n  - {playbook: p2, severity: 1}\n", "t",
      diagnostics);
  ASSERT_FALSE(diagnostics.has_errors());
  Incident incident;
  incident.severity = 50;
  for (const auto& [rule, attack, second] : {std::tuple("early", "T1110.001", 1), std::tuple("late", "T1110", 3),
                                             std::tuple("between", "T1110", 2), std::tuple("other", "T1071", 9)}) {
    IncidentAlert alert;
    alert.rule = rule;
    alert.attack = {attack};
    alert.time = alert.last = Time{std::chrono::seconds(second)};
    incident.alerts.push_back(alert);
  }
  const auto called = triggers.match(incident);
  ASSERT_EQ(called.size(), 2U);
  EXPECT_EQ(called[0].mode, TriggerMode::apply);
  EXPECT_EQ(called[0].trigger, "one");
  EXPECT_EQ(called[0].alert->rule, "late");
  EXPECT_EQ(called[1].mode, TriggerMode::rehearse);
  EXPECT_EQ(called[1].alert->rule, "other");
  Triggers::load("triggers:\n  - {playbook: p1, severity: 1, mode: at_once}\n", "t", diagnostics);
  EXPECT_EQ(diagnostics.errors(), 1U);
}

TEST(Triggers, mistakes_have_a_place) {
  Diagnostics diagnostics;
  const Triggers triggers = Triggers::load(
      "triggers:\n  - {playbook: p1}\n  - {playbook: p2, colour: red}\n  - {playbook: p3, severity: 101}\n  - "
      "{playbook: p4, severity: 1}\n",
      "t", diagnostics);
  EXPECT_EQ(diagnostics.errors(), 3U);
  EXPECT_EQ(diagnostics.all()[1].line, 3U);
  EXPECT_EQ(triggers.all().size(), 1U);
  EXPECT_EQ((Triggers::load("[", "t", diagnostics).all().size()), 0U);
}

}  // namespace
}  // namespace tocsin::responders
