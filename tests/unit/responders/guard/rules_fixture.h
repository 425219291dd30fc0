#pragma once
// A guard with every action of the table, their effects in memory, and facts of the test's own.

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <map>
#include <set>

#include "responders/action/table.h"
#include "responders/guard/guard.h"
#include "responders/guard/targets.h"

namespace tocsin::responders {

// Any action of the table, with its effects in memory.
class FakeAction final : public Action {
 public:
  FakeAction(const ActionSpec& spec, std::set<std::string>& effects) : spec_(spec), effects_(effects) {}
  const ActionSpec& spec() const noexcept override { return spec_; }
  Result<void> keep(std::string_view document) override {
    if (spec_.document() == nullptr) return Action::keep(document);
    kept.emplace_back(document);
    return {};
  }
  Result<Forecast> rehearse(const Parameters&) override { return Forecast{}; }
  Result<Outcome> apply(const Parameters& parameters, std::string_view) override {
    if (broken) return fail(Code::failure, "broken");
    effects_.insert(target(parameters));
    Outcome out;
    if (spec_.reversibility == Reversibility::expires) out.expires_in = parameters.duration("ttl");
    return out;
  }
  Result<Verification> verify(const Parameters& parameters, std::string_view) override {
    return Verification{effects_.contains(target(parameters)) ? Presence::in_effect : Presence::absent, "looked"};
  }
  Result<Outcome> undo(const Parameters& parameters, std::string_view, std::string_view) override {
    if (stuck) return fail(Code::failure, "stuck");
    effects_.erase(target(parameters));
    Outcome out;
    out.state = Outcome::State::undone;
    return out;
  }
  Result<Renewal> renew(const Parameters&, std::string_view, Duration) override { return renewal; }
  std::string target(const Parameters& parameters) const {
    return std::string(spec_.name) + " " + parameters.texts().front().second;
  }
  std::vector<std::string> kept;
  bool broken = false;
  bool stuck = false;
  Renewal renewal = Renewal::unneeded;

 private:
  const ActionSpec& spec_;
  std::set<std::string>& effects_;
};

class GivenFacts final : public HostFacts {
 public:
  Result<std::vector<ProtectedNetwork>> protected_networks(const Policy&) override { return networks; }
  std::vector<IpAddress> login_addresses(int) override { return {}; }
  std::vector<std::string> protected_targets(const Policy& policy, const ActionSpec& spec, const Parameters& parameters,
                                             int asker) override {
    return responders::protected_targets(policy, spec, parameters, asker);
  }
  std::vector<ProtectedNetwork> networks;
};

class RulesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = "/tmp/tocsin-test-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    policy_.mode = GuardMode::automatic;
    policy_.responders.users = {1000};
    policy_.approvers.users = {2000, 2001, 2002};
    policy_.per_minute = 100;
    policy_.rule_per_minute = 100;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::unique_ptr<Guard> open() {
    Guard::Actions actions;
    for (const ActionRow& row : all_actions()) {
      if (row.make == nullptr) continue;
      actions.push_back(std::make_unique<FakeAction>(row.spec, effects_));
      fakes_[std::string(row.spec.name)] = static_cast<FakeAction*>(actions.back().get());
    }
    auto guard = Guard::open(policy_, facts_, clock_, std::move(actions), folder_ + "/journal");
    EXPECT_TRUE(guard.has_value());
    return std::move(*guard);
  }
  static ActionRequest request(const char* action, Parameters::Texts parameters, std::string key) {
    ActionRequest out;
    out.action = action;
    out.key = std::move(key);
    out.parameters = std::move(parameters);
    out.reason = "seen";
    out.rule = "rule-1";
    out.source = SourceProof::handshake;
    return out;
  }
  static ActionRequest block(const char* address, std::string key) {
    return request("network.block_address", {{"address", address}}, std::move(key));
  }
  static Peer peer(std::uint32_t uid) {
    Peer out;
    out.uid = uid;
    return out;
  }
  Outcome::State state(Guard& guard, const ActionRequest& asked) {
    const auto applied = guard.apply(asked, peer(1000));
    EXPECT_TRUE(applied.has_value()) << (applied ? "" : applied.error().text());
    return applied ? applied->outcome.state : Outcome::State::unknown;
  }
  static std::string refusal(Guard& guard, const ActionRequest& asked) {
    const auto applied = guard.apply(asked, peer(1000));
    return applied ? "not refused" : applied.error().message;
  }
  void pass(Duration time) { clock_.advance_to(clock_.now() + time); }
  bool effect(const std::string& target) const { return effects_.contains(target); }

  std::string folder_;
  Policy policy_;
  GivenFacts facts_;
  std::set<std::string> effects_;
  std::map<std::string, FakeAction*> fakes_;
  // 2020-12-20 00:00 UTC, a Sunday.
  ManualClock clock_{Time{std::chrono::hours(24LL * 18'616)}};
};

}  // namespace tocsin::responders
