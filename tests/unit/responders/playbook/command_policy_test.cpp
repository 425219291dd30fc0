#include "responders/playbook/command/policy.h"

#include <gtest/gtest.h>

namespace tocsin::responders {
namespace {

TEST(CommandPolicy, ReadsEverySetting) {
  Diagnostics diagnostics;
  const CommandPolicy policy = load_command_policy(
      "types: [bash, yara]\nsignatures: shells\nkeys: /etc/keys/\ncredentials: /etc/store\nauthorities: /etc/ca.pem\n"
      "hosts: [db1.example.org, '*.example.net', 192.0.2.0/24]\nplain_http: [127.0.0.1]\npaths: [/srv/, /]\n"
      "responder: /run/r.sock\nusers: [17]\nmax_tlp: green\ntime_most: 90s\noutput_most: 64KiB\nredirects_most: "
      "0\nrunning_most: 2\n",
      "commands.yaml", diagnostics);
  EXPECT_TRUE(diagnostics.all().empty());
  EXPECT_EQ(policy.types, (std::set<std::string, std::less<>>{"bash", "yara"}));
  EXPECT_EQ(policy.signatures, CommandPolicy::Signatures::shells);
  EXPECT_EQ(policy.keys, "/etc/keys");
  EXPECT_EQ(policy.credentials, "/etc/store");
  EXPECT_EQ(policy.authorities, "/etc/ca.pem");
  EXPECT_TRUE(CommandPolicy::covers(policy.hosts, "192.0.2.9"));
  EXPECT_TRUE(CommandPolicy::covers(policy.hosts, "a.example.net"));
  EXPECT_FALSE(CommandPolicy::covers(policy.hosts, "example.net"));
  EXPECT_EQ(policy.plain_http, std::vector<std::string>{"127.0.0.1"});
  EXPECT_EQ(policy.paths, (std::vector<std::string>{"/srv", "/"}));
  EXPECT_EQ(policy.responder, "/run/r.sock");
  EXPECT_EQ(policy.users, std::set<std::uint32_t>{17});
  EXPECT_EQ(policy.max_tlp, rules::Tlp::green);
  EXPECT_EQ(policy.time_most, std::chrono::seconds(90));
  EXPECT_EQ(policy.output_most, 64U << 10U);
  EXPECT_EQ(policy.redirects_most, 0U);
  EXPECT_EQ(policy.running_most, 2U);
}

TEST(CommandPolicy, AMistakeIsToldWithItsPlaceAndAllowsNothing) {
  const CommandPolicy plain;
  for (const std::string_view text :
       {"types: [cmd]", "types: bash", "users: [root]", "users: [4294967295]", "users: 0", "paths: [srv]", "keys: keys",
        "responder: r.sock", "hosts: ['http://x']", "time_most: 0s", "output_most: 2MiB", "redirects_most: 11",
        "running_most: 0", "signatures: none", "max_tlp: red", "hostz: [a]", "- a", "types: ["}) {
    Diagnostics diagnostics;
    const CommandPolicy policy = load_command_policy(text, "commands.yaml", diagnostics);
    ASSERT_EQ(diagnostics.all().size(), 1U) << text;
    EXPECT_EQ(diagnostics.all()[0].code, "P0951") << text;
    EXPECT_EQ(diagnostics.all()[0].line, 1U) << text;
    EXPECT_TRUE(policy.types.empty() && policy.users.empty() && policy.paths.empty() && policy.hosts.empty()) << text;
    EXPECT_EQ(policy.signatures, plain.signatures) << text;
    EXPECT_EQ(policy.running_most, plain.running_most) << text;
  }
}

}  // namespace
}  // namespace tocsin::responders
