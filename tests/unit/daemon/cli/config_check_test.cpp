#include "daemon/cli/config_check.h"

#include <gmock/gmock.h>

namespace tocsin::daemon {
namespace {

using ::testing::HasSubstr;

TEST(ConfigCheck, a_capture_filter_is_judged_before_the_daemon_starts) {
  Config config;
  config.file = "/etc/tocsin/tocsin.yaml";
  config.collect.interfaces = {{.name = "eth0", .filter = "not port 873"}, {.name = "eth1", .filter = "tcp prot 80"}};
  const auto found = examine_config(config);
  ASSERT_EQ(found.all().size(), 1U);
  const auto& wrong = found.all().front();
  EXPECT_EQ(wrong.severity, Severity::error);
  EXPECT_EQ(wrong.code, "C0007");
  EXPECT_EQ(wrong.file, config.file);
  EXPECT_EQ(wrong.item, "collect.interfaces[1].filter");
  EXPECT_THAT(wrong.cause, HasSubstr("syntax error"));
}

TEST(ConfigCheck, defaults_are_good) { EXPECT_TRUE(examine_config(Config{}).all().empty()); }

}  // namespace
}  // namespace tocsin::daemon
