#include "responders/guard/policy.h"

#include <gtest/gtest.h>

namespace tocsin::responders {
namespace {

TEST(PolicyFile, a_number_too_large_is_nobodys) {
  Diagnostics found;
  const Policy policy = load_policy(
      "roles:\n  approver: {users: [4294967296, 1000], groups: [4294967295, 4294968295]}\n", "policy.yaml", found);
  EXPECT_EQ(policy.approvers.users, (std::set<std::uint32_t>{1000}));  // 2^32 is not root
  EXPECT_TRUE(policy.approvers.groups.empty());
  EXPECT_EQ(found.errors(), 3U);
}

}  // namespace
}  // namespace tocsin::responders
