#include "daemon/eve/fast_log.h"

#include <gtest/gtest.h>

#include "rules/signature/compile/signature.h"

namespace tocsin::daemon {
namespace {

rules::Alert alert_of(std::string title) {
  auto info = std::make_shared<rules::signature::SignatureInfo>();
  info->engine = rules::Engine::signature;
  info->sid = 7;
  info->rev = 2;
  info->title = std::move(title);
  rules::Alert alert;
  alert.rule = info;
  alert.time = Time{std::chrono::microseconds(1'407'016'225'823'699)};
  alert.packet.emplace();
  alert.packet->source = *parse_address("::1");
  alert.packet->destination = *parse_address("192.0.2.9");
  alert.packet->source_port = 3000;
  alert.packet->destination_port = 80;
  alert.packet->transport = 6;
  return alert;
}

TEST(FastLog, OneLine) {
  EXPECT_EQ(make_fast_record(alert_of("a title")).line,
            "08/02/2014-21:50:25.823699  [**] [1:7:2] a title [**] [Classification: (null)] [Priority: 3] {TCP} "
            "0000:0000:0000:0000:0000:0000:0000:0001:3000 -> 192.0.2.9:80");
}

TEST(FastLog, IcmpShowsTypeAndCode) {
  auto alert = alert_of("");
  alert.packet->transport = 1;
  alert.packet->icmp_type = 8;
  alert.packet->icmp_code = 0;
  const auto line = make_fast_record(alert).line;
  EXPECT_NE(line.find("[1:7:2] (null) [**]"), std::string::npos) << line;
  EXPECT_NE(line.find("{ICMP} "), std::string::npos) << line;
  EXPECT_TRUE(line.ends_with(":8 -> 192.0.2.9:0")) << line;
}

TEST(FastLog, NothingForWhatHasNoAddresses) {
  auto alert = alert_of("x");
  alert.packet.reset();
  EXPECT_TRUE(make_fast_record(alert).line.empty());
}

}  // namespace
}  // namespace tocsin::daemon
