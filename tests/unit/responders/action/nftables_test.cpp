// The real thing: nftables in a network namespace of this process's own. Skipped where one cannot be made.
#include <gtest/gtest.h>

#include <memory>

#include "responders/action/firewall/firewall.h"
#include "responders/action/network_block_address/network_block_address.h"
#include "tests/unit/responders/own_network.h"

namespace tocsin::responders {
namespace {

class NftablesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const auto why = OwnNetwork::enter(); !why.empty()) GTEST_SKIP() << why;
    // Its socket belongs to the namespace it is opened in.
    nftables_ = std::make_unique<Nftables>();
    action_ = make_network_block_address({clock_, random_, {}, {}});
  }
  Parameters parameters(std::string address, std::string ttl = "10m") {
    return parse_parameters(action_->spec(), {{"address", std::move(address)}, {"ttl", std::move(ttl)}}).value();
  }
  ManualClock clock_;
  SeededRandom random_{1};
  std::unique_ptr<Nftables> nftables_;
  std::unique_ptr<Action> action_;
};

TEST_F(NftablesTest, blocks_verifies_and_undoes_every_family) {
  for (const char* address : {"203.0.113.5", "203.0.113.0/24", "2001:db8::5", "2001:db8::/48"}) {
    EXPECT_EQ(action_->verify(parameters(address), "k")->presence, Presence::absent) << address;
    const auto applied = action_->apply(parameters(address), "k");
    ASSERT_TRUE(applied.has_value()) << applied.error().text();
    EXPECT_EQ(applied->state, Outcome::State::applied);
    EXPECT_EQ(action_->verify(parameters(address), "k")->presence, Presence::in_effect) << address;
    EXPECT_TRUE(action_->undo(parameters(address), "k", {}).has_value());
    EXPECT_EQ(action_->verify(parameters(address), "k")->presence, Presence::absent) << address;
    EXPECT_TRUE(action_->undo(parameters(address), "k", {}).has_value());
  }
}

TEST_F(NftablesTest, a_longer_block_takes_over_and_a_shorter_one_does_not) {
  ASSERT_TRUE(action_->apply(parameters("203.0.113.5", "10m"), "a").has_value());
  EXPECT_EQ(action_->apply(parameters("203.0.113.5", "1m"), "b")->state, Outcome::State::already);
  EXPECT_EQ(action_->apply(parameters("203.0.113.5", "1h"), "c")->state, Outcome::State::applied);
  EXPECT_TRUE(action_->rehearse(parameters("203.0.113.5", "1m"))->already);
}

TEST_F(NftablesTest, notices_and_mends_flushed_rules) {
  ASSERT_TRUE(action_->apply(parameters("203.0.113.5"), "a").has_value());
  ASSERT_TRUE(nftables_->run("flush chain inet tocsin arriving\n").has_value());
  EXPECT_EQ(action_->verify(parameters("203.0.113.5"), "a")->presence, Presence::changed);
  ASSERT_TRUE(action_->apply(parameters("203.0.113.5"), "b").has_value());
  EXPECT_EQ(action_->verify(parameters("203.0.113.5"), "b")->presence, Presence::in_effect);
}

TEST_F(NftablesTest, one_element_is_asked_for_with_its_time) {
  Firewall firewall;
  EXPECT_FALSE(firewall.find({"blocked4", "203.0.113.5"})->has_value());  // no table yet
  ASSERT_TRUE(firewall.ensure().has_value());
  const std::vector<SetElement> elements{{"blocked4", "203.0.113.5"}, {"blocked6", "2001:db8::5"}};
  ASSERT_TRUE(firewall.put(elements, std::chrono::minutes(10), "k").has_value());
  for (const SetElement& element : elements) {
    const auto found = firewall.find(element).value();
    ASSERT_TRUE(found.has_value()) << element.set;
    EXPECT_EQ(found->timeout, std::chrono::minutes(10));
    EXPECT_GT(found->expires, std::chrono::seconds(590));
    EXPECT_LE(found->expires, std::chrono::minutes(10));
  }
  EXPECT_FALSE(firewall.find({"blocked4", "203.0.113.6"})->has_value());
  ASSERT_TRUE(nftables_->run("delete table inet tocsin\n").has_value());
  EXPECT_FALSE(firewall.find(elements.front())->has_value());
}

TEST_F(NftablesTest, our_own_changes_keep_it_ready_and_those_of_others_are_looked_through) {
  Firewall firewall;
  KernelTables tables;
  ASSERT_TRUE(firewall.ensure().has_value());
  EXPECT_TRUE(firewall.ready().value());
  const std::uint32_t before = tables.generation().value();
  const std::vector<SetElement> elements{{"blocked4", "203.0.113.5"}};
  ASSERT_TRUE(firewall.put(elements, std::chrono::minutes(10), "k").has_value());
  EXPECT_EQ(tables.generation().value(), before + 1);
  EXPECT_TRUE(firewall.ready().value());
  // Right after one of ours, and right before.
  ASSERT_TRUE(nftables_->run("flush chain inet tocsin leaving\n").has_value());
  EXPECT_FALSE(firewall.ready().value());
  ASSERT_TRUE(firewall.put(elements, std::chrono::minutes(10), "k").has_value());
  EXPECT_FALSE(firewall.ready().value());
}

}  // namespace
}  // namespace tocsin::responders
