#include "daemon/control/role.h"

#include <gtest/gtest.h>

namespace tocsin::daemon {
namespace {

const RolePolicy policy{{{100, Role::viewer}, {101, Role::analyst}, {102, Role::approver}}, 990};

TEST(Roles, follow_unix_groups_and_include_the_lesser_ones) {
  EXPECT_TRUE(roles_for(1000, {101}, policy).allows(Role::viewer));
  EXPECT_TRUE(roles_for(1000, {101}, policy).allows(Role::analyst));
  EXPECT_FALSE(roles_for(1000, {101}, policy).allows(Role::responder));
  EXPECT_FALSE(roles_for(1000, {5}, policy).allows(Role::viewer));
}

TEST(Roles, root_and_the_daemons_own_user_are_admin_but_approve_nothing) {
  for (const uid_t user : {0U, 990U}) {
    EXPECT_TRUE(roles_for(user, {}, policy).allows(Role::admin));
    EXPECT_TRUE(roles_for(user, {}, policy).allows(Role::responder));
    EXPECT_FALSE(roles_for(user, {}, policy).allows(Role::approver));
  }
  EXPECT_FALSE(roles_for(0, {102}, policy).allows(Role::approver));
}

TEST(Roles, an_approver_sees_but_does_not_work_cases) {
  const auto roles = roles_for(1000, {102}, policy);
  EXPECT_TRUE(roles.allows(Role::approver));
  EXPECT_TRUE(roles.allows(Role::viewer));
  EXPECT_FALSE(roles.allows(Role::analyst));
  EXPECT_EQ(roles.text(), "viewer, approver");
}

TEST(Roles, a_missing_group_gives_nothing) {
  EXPECT_TRUE(find_role_groups({"no-such-group-here", "", "", "", ""}).empty());
}

}  // namespace
}  // namespace tocsin::daemon
