#include "daemon/app/live/run_cause.h"

#include <gtest/gtest.h>

#include "tests/unit/responders/incident/samples.h"

namespace tocsin::daemon {
namespace {

TEST(RunCause, the_most_precious_of_what_an_incident_touches_counts) {
  const std::vector<AssetConfig> assets{{3, {"web1"}, {}, {}}, {5, {}, {"192.0.2.0/28"}, {}}, {4, {}, {}, {"backup"}}};
  responders::Incident incident;
  EXPECT_EQ(asset_level(incident, assets), 0);
  incident.host = "web1";
  EXPECT_EQ(asset_level(incident, assets), 3);
  incident.entities = {samples::user("backup"), samples::from("203.0.113.9")};
  EXPECT_EQ(asset_level(incident, assets), 4);
  incident.entities.push_back(samples::towards("192.0.2.9"));
  EXPECT_EQ(asset_level(incident, assets), 5);
  incident.entities.back() = samples::towards("192.0.2.99");
  EXPECT_EQ(asset_level(incident, assets), 4);
  EXPECT_EQ(asset_level(incident, {}), 0);
}

TEST(RunCause, nothing_is_begun_that_the_guard_would_refuse) {
  responders::Rehearsal rehearsal;
  responders::StepTrace step;
  step.label = "block";
  step.commands.emplace_back();
  step.commands.back().verdict = {responders::GuardVerdict::Kind::needs_approval, "automation", "forged"};
  rehearsal.steps.push_back(step);
  EXPECT_TRUE(may_begin(rehearsal).has_value());  // it waits
  rehearsal.steps.back().commands.back().verdict = {responders::GuardVerdict::Kind::refused, "mode", "rehearse"};
  EXPECT_EQ(may_begin(rehearsal).error().code, Code::denied);
  rehearsal.steps.clear();
  rehearsal.result = responders::RunState::failed;
  EXPECT_EQ(may_begin(rehearsal).error().code, Code::conflict);
}

}  // namespace
}  // namespace tocsin::daemon
