#include <algorithm>
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

#include "responders/guard/policy.h"

namespace tocsin::responders {
namespace {

std::string shipped() {
  std::ifstream file(TOCSIN_SOURCE_DIR "/etc/responder.yaml");
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(ShippedPolicy, applies_nothing_and_equals_the_defaults) {
  const auto text = shipped();
  ASSERT_FALSE(text.empty());
  Diagnostics found;
  const Policy policy = load_policy(text, "responder.yaml", found);
  // The groups of the package need not be on the machine that builds it; anything else would be an error.
  EXPECT_FALSE(found.has_errors()) << render_text(found.all().front());
  Diagnostics none;
  const Policy defaults = load_policy("", "", none);
  EXPECT_EQ(policy.mode, GuardMode::rehearse);
  EXPECT_TRUE(policy.modes.empty());
  EXPECT_EQ(policy.ttl_most, defaults.ttl_most);
  EXPECT_EQ(policy.prefix_least_v4, defaults.prefix_least_v4);
  EXPECT_EQ(policy.prefix_least_v6, defaults.prefix_least_v6);
  EXPECT_EQ(policy.per_minute, defaults.per_minute);
  EXPECT_EQ(policy.live_most, defaults.live_most);
  EXPECT_EQ(policy.rule_per_minute, defaults.rule_per_minute);
  EXPECT_EQ(policy.blast_most, defaults.blast_most);
  EXPECT_EQ(policy.quorum, defaults.quorum);
  EXPECT_EQ(policy.trip_after, defaults.trip_after);
  EXPECT_EQ(policy.trip_within, defaults.trip_within);
  EXPECT_EQ(policy.cooldown, defaults.cooldown);
  EXPECT_EQ(policy.depth_most, defaults.depth_most);
  EXPECT_TRUE(policy.isolation.proof.empty());
  EXPECT_EQ(policy.approval_expires, defaults.approval_expires);
  EXPECT_EQ(policy.never_touch_paths, defaults.never_touch_paths);
  EXPECT_EQ(policy.management_ports, defaults.management_ports);
}

TEST(ShippedPolicy, has_the_channel_that_the_shipped_playbooks_name) {
  Diagnostics found;
  const Policy policy = load_policy(shipped(), "responder.yaml", found);
  EXPECT_NE(policy.channels.find("operators"), nullptr);
}

}  // namespace
}  // namespace tocsin::responders
