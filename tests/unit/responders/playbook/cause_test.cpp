#include "responders/playbook/cause.h"

#include <gtest/gtest.h>

#include "responders/action/table.h"
#include "responders/playbook/run/run.h"
#include "tests/unit/responders/incident/samples.h"
#include "tests/unit/responders/playbook/example.h"

namespace tocsin::responders {
namespace {

IncidentAlert alert(const char* address, SourceTrust trust, ResponseFacts facts = {}) {
  IncidentAlert out;
  out.host = "web1";
  out.entities = {samples::from(address)};
  out.facts = std::move(facts);
  out.facts.source = trust;
  return out;
}

ActionRequest filled(const Cause& cause, const char* action, const Parameters::Texts& texts) {
  const ActionSpec& spec = find_action(action)->spec;
  const auto parameters = parse_parameters(spec, texts);
  EXPECT_TRUE(parameters.has_value()) << action;
  ActionRequest out;
  out.parameters = parameters->texts();
  cause.fill(out, spec, *parameters);
  return out;
}

SourceProof proof(const Cause& cause, const char* address) {
  return filled(cause, "network.block_address", {{"address", address}}).source;
}

TEST(Cause, an_address_is_as_sure_as_its_worst_alert) {
  Incident incident;
  incident.alerts = {alert("203.0.113.1", SourceTrust::answered),  alert("203.0.113.2", SourceTrust::answered),
                     alert("203.0.113.2", SourceTrust::forgeable), alert("203.0.113.3", SourceTrust::unknown),
                     alert("203.0.113.4", SourceTrust::unknown),   alert("203.0.113.4", SourceTrust::answered)};
  const Cause cause = cause_of(incident, "web1");
  EXPECT_EQ(proof(cause, "203.0.113.1"), SourceProof::handshake);
  EXPECT_EQ(proof(cause, "203.0.113.2"), SourceProof::spoofable);
  EXPECT_EQ(proof(cause, "203.0.113.3"), SourceProof::unstated);
  EXPECT_EQ(proof(cause, "203.0.113.4"), SourceProof::handshake);
  EXPECT_EQ(proof(cause, "203.0.113.9"), SourceProof::unstated);
  EXPECT_EQ(proof(cause, "203.0.113.0/29"), SourceProof::unstated);  // a network holds others too
}

TEST(Cause, a_process_must_still_be_the_one_it_was) {
  Incident incident;
  incident.alerts = {alert("203.0.113.1", SourceTrust::unknown, {42, "/tmp/xmrig", "", "", {}}),
                     alert("203.0.113.1", SourceTrust::unknown, {43, "/tmp/far", "", "", {}})};
  incident.alerts[1].host = "db1";
  const Cause cause = cause_of(incident, "web1");
  const auto executable = [&](Parameters::Texts texts) {
    for (const auto& [name, value] : filled(cause, "process.kill", texts).parameters)
      if (name == "executable") return value;
    return std::string();
  };
  EXPECT_EQ(executable({{"pid", "42"}}), "/tmp/xmrig");
  EXPECT_EQ(executable({{"pid", "42"}, {"executable", "/bin/other"}}), "/bin/other");
  EXPECT_EQ(executable({{"pid", "43"}}), "");
}

// What the guard was told of the run, by every one of its requests.
class Ear final : public ActionGateway, public RunJournal {
 public:
  Result<Rehearsed> rehearse(const ActionRequest& request) override {
    heard.push_back(request);
    return Rehearsed{};
  }
  Result<Applied> apply(const ActionRequest& request) override {
    heard.push_back(request);
    return Applied{};
  }
  Result<Verification> verify(const std::string&) override { return Verification{}; }
  Result<Outcome> undo(const std::string&, const std::string&) override { return Outcome{}; }
  Result<void> append(std::span<const RunRecord> fresh) override {
    records.insert(records.end(), fresh.begin(), fresh.end());
    return {};
  }
  std::vector<ActionRequest> heard;
  std::vector<RunRecord> records;
};

class Shelf final : public PlaybookLibrary {
 public:
  PlanRef find(std::string_view, std::string_view) const override { return plan; }
  PlanRef plan;
};

TEST(Cause, is_told_to_the_guard_by_rehearsal_run_and_resumed_run_alike) {
  // {"action":"network.block_address","parameters":{"address":"__ip__:value"}}
  const std::string block =
      "\"" + step_id("action", 1) +
      R"(":{"type":"action","name":"block","commands":[{"type":"tocsin","command_b64":"eyJhY3Rpb24iOiJuZXR3b3JrLmJsb2NrX2FkZHJlc3MiLCJwYXJhbWV0ZXJzIjp7ImFkZHJlc3MiOiJfX2lwX186dmFsdWUifX0="}],"agent":"individual--aaaaaaaa-0000-4000-8000-0000000000ee",)" +
      to("on_completion", end_id) + "}";
  Diagnostics diagnostics;
  Shelf shelf;
  shelf.plan = load_playbook(playbook_with(block), "t", diagnostics).value_or(nullptr);
  ASSERT_NE(shelf.plan, nullptr);
  RunSpec spec;
  spec.id = "run";
  spec.plan = shelf.plan;
  spec.mode = RunMode::apply;
  spec.reason = "trigger";
  spec.cause = {"rule-7", 4, 2, {{"192.0.2.1", SourceProof::spoofable}}, {{42, "/tmp/x"}}};
  ManualClock clock;
  Ear ear;
  ASSERT_TRUE(rehearse(spec, ear, clock, &shelf).has_value());
  const auto run = Run::start(spec, ear, ear, clock, &shelf);
  ASSERT_EQ((*run)->poll().value(), RunState::completed);
  // As after a crash before its outcome was written.
  std::vector<RunRecord> read;
  for (const RunRecord& record : ear.records) {
    if (record.kind == RunRecord::Kind::outcome) break;
    read.push_back(*parse_run_record(render_json(record)));
  }
  const auto again = spec_of_records("run", read, shelf);
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->cause, spec.cause);
  const auto resumed = Run::resume(*again, read, ear, ear, clock, &shelf);
  ASSERT_EQ((*resumed)->poll().value(), RunState::completed);
  ASSERT_EQ(ear.heard.size(), 3U);
  for (const ActionRequest& request : ear.heard) {
    EXPECT_EQ(request.rule, "rule-7");
    EXPECT_EQ(request.asset_level, 4);
    EXPECT_EQ(request.depth, 2);
    EXPECT_EQ(request.source, SourceProof::spoofable);
  }
}

}  // namespace
}  // namespace tocsin::responders
