#include <gtest/gtest.h>

#include <filesystem>
#include <map>

#include "responders/action/service_mask/service_mask.h"
#include "responders/action/service_stop/service_stop.h"
#include "responders/action/services/service_change.h"

namespace tocsin::responders {
namespace {

class FakeManager final : public ServiceManager {
 public:
  explicit FakeManager(std::map<std::string, UnitState>& units) : units_(units) {}
  Result<UnitState> state(const std::string& unit) override { return units_[unit]; }
  Result<void> stop(const std::string& unit) override {
    if (unit == "stubborn.service") return fail(Code::timed_out, "it does not stop");
    return set(unit, [](UnitState& u) { u.active = false; });
  }
  Result<void> start(const std::string& unit) override {
    return set(unit, [](UnitState& u) { u.active = true; });
  }
  Result<void> mask(const std::string& unit) override {
    return set(unit, [](UnitState& u) { u.masked = true; });
  }
  Result<void> unmask(const std::string& unit) override {
    return set(unit, [](UnitState& u) { u.masked = false; });
  }
  Result<std::vector<std::string>> stopped_with(const std::string& unit) override { return std::vector{unit}; }

 private:
  template <class Change>
  Result<void> set(const std::string& unit, Change change) {
    change(units_[unit]);
    return {};
  }
  std::map<std::string, UnitState>& units_;
};

class ServiceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = "/tmp/tocsin-test-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::unique_ptr<Action> make(const ActionSpec& spec, ServiceDepth depth, Forecast (*describe)(const Parameters&)) {
    ActionEnvironment environment{clock_, random_, {}, {}};
    environment.before_directory = folder_ + "/before";
    return make_service_change(spec, depth, describe, environment, std::make_unique<FakeManager>(units_));
  }
  static Parameters unit(const Action& action, const char* name) {
    return parse_parameters(action.spec(), {{"unit", name}}).value();
  }
  std::string folder_;
  std::map<std::string, UnitState> units_{{"web.service", {true, true, false, false}},
                                          {"off.service", {true, false, false, false}},
                                          {"gone.service", {true, false, false, true}}};
  ManualClock clock_;
  SeededRandom random_{1};
};

TEST_F(ServiceTest, stops_and_starts_what_ran) {
  const auto stop = make(service_stop_spec, ServiceDepth::stop, &describe_service_stop);
  ASSERT_TRUE(stop->apply(unit(*stop, "web.service"), "k").has_value());
  EXPECT_FALSE(units_["web.service"].active);
  EXPECT_EQ(stop->verify(unit(*stop, "web.service"), "k")->presence, Presence::in_effect);
  units_["web.service"].active = true;
  EXPECT_EQ(stop->verify(unit(*stop, "web.service"), "k")->presence, Presence::changed);
  EXPECT_TRUE(stop->undo(unit(*stop, "web.service"), "k", {}).has_value());
  EXPECT_TRUE(units_["web.service"].active);
  EXPECT_EQ(stop->apply(unit(*stop, "off.service"), "k")->state, Outcome::State::already);
  EXPECT_TRUE(stop->undo(unit(*stop, "off.service"), "k", {}).has_value());
  EXPECT_FALSE(units_["off.service"].active);
  EXPECT_EQ(stop->apply(unit(*stop, "none.service"), "k").error().code, Code::not_found);
}

TEST_F(ServiceTest, masks_and_leaves_masked_what_was) {
  const auto mask = make(service_mask_spec, ServiceDepth::mask, &describe_service_mask);
  for (const auto& [name, before] : std::map<std::string, UnitState>(units_)) {
    ASSERT_TRUE(mask->apply(unit(*mask, name.c_str()), "k").has_value()) << name;
    EXPECT_TRUE(units_[name].masked);
    EXPECT_FALSE(units_[name].active);
    EXPECT_EQ(mask->verify(unit(*mask, name.c_str()), "k")->presence, Presence::in_effect);
    EXPECT_TRUE(mask->undo(unit(*mask, name.c_str()), "k", {}).has_value());
    EXPECT_EQ(units_[name].active, before.active) << name;
    EXPECT_EQ(units_[name].masked, before.masked) << name;
  }
  for (const char* name : {"web", "web.mount", "-x.service", "a/b.service", ".service", "a b.service"})
    EXPECT_FALSE(parse_parameters(mask->spec(), {{"unit", name}}).has_value()) << name;
}

TEST_F(ServiceTest, what_failed_is_not_left_half_done) {
  units_["stubborn.service"] = {true, true, false, false};
  const auto mask = make(service_mask_spec, ServiceDepth::mask, &describe_service_mask);
  EXPECT_EQ(mask->apply(unit(*mask, "stubborn.service"), "k").error().code, Code::timed_out);
  EXPECT_FALSE(units_["stubborn.service"].masked);
  EXPECT_EQ(mask->verify(unit(*mask, "stubborn.service"), "k")->presence, Presence::absent);
}

TEST_F(ServiceTest, a_mask_leaves_alone_what_others_put_there) {
  const std::string masks = folder_ + "/system.control";
  ASSERT_TRUE(add_mask(masks, "evil.service").has_value());
  EXPECT_EQ(std::filesystem::read_symlink(masks + "/evil.service"), "/dev/null");
  ASSERT_TRUE(add_mask(masks, "evil.service").has_value());
  std::filesystem::create_symlink("/srv/own.service", masks + "/own.service");
  EXPECT_EQ(add_mask(masks, "own.service").error().code, Code::conflict);
  EXPECT_TRUE(remove_mask(masks, "own.service").has_value());
  EXPECT_EQ(std::filesystem::read_symlink(masks + "/own.service"), "/srv/own.service");
  std::filesystem::remove(masks + "/own.service");
  for (int times = 0; times < 2; ++times) ASSERT_TRUE(remove_mask(masks, "evil.service").has_value());
  EXPECT_FALSE(std::filesystem::exists(masks));
}

TEST_F(ServiceTest, no_systemd_is_said_so) {
  const auto manager = make_service_manager("unix:path=" + folder_ + "/none");
  EXPECT_EQ(manager->state("web.service").error().code, Code::unreachable);
}

}  // namespace
}  // namespace tocsin::responders
