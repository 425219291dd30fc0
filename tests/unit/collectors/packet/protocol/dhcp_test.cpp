#include <gtest/gtest.h>

#include "collectors/packet/protocol/dhcp/message.h"
#include "tests/unit/collectors/packet/parser_bench.h"

namespace tocsin::collectors::testing {
namespace {

std::string message(char operation, const std::string& options, const std::string& server_name = {}) {
  std::string out{operation, 1, 6, 0, 1, 2, 3, 4};
  out += std::string(8, '\0') + std::string("\x0a\0\0\7", 4) + std::string(8, '\0');
  out += std::string("\2\0\0\0\0\1", 6) + std::string(10, '\0');
  out += server_name + std::string(64 - server_name.size(), '\0') + std::string(128, '\0');
  return out + "\x63\x82\x53\x63" + options;
}
const std::string acknowledged("\x35\1\5\x33\4\0\0\x0e\x10", 9);

TEST(Dhcp, LeasesAreTold) {
  ParserBench bench(Protocol::dhcp, ip_protocol::udp);
  bench.server(message(2, acknowledged + "\xff"));
  EXPECT_EQ(bench.number("dhcp.leasetime"), 3'600U);
  ASSERT_EQ(bench.records.size(), 1U);
  EXPECT_NE(bench.records[0].find("\"client_mac\":\"02:00:00:00:00:01\",\"assigned_ip\":\"10.0.0.7\""),
            std::string::npos);
  EXPECT_NE(bench.records[0].find("\"dhcp_type\":\"ack\",\"lease_time\":3600"), std::string::npos);
}

TEST(Dhcp, OptionsInOtherFields) {
  const auto found = parse_dhcp(as_bytes(message(2, "\x34\1\2\xff", std::string("\3\4\x0a\0\0\1\xff", 7))));
  ASSERT_TRUE(found);
  ASSERT_NE(found->option(dhcp_option::router), nullptr);
  EXPECT_EQ(found->option(dhcp_option::router)->data.size(), 4U);
}

TEST(Dhcp, TruncatedAndMalformed) {
  ParserBench bench(Protocol::dhcp, ip_protocol::udp);
  bench.client(message(1, "\x35\1"));
  EXPECT_TRUE(bench.raised(PacketEvent::dhcp_truncated_options));
  bench.client(message(1, std::string("\x33\1\0\xff", 4)));
  EXPECT_TRUE(bench.raised(PacketEvent::dhcp_malformed_options));
  const auto whole = message(1, acknowledged);
  for (std::size_t size = 0; size < 240; ++size) EXPECT_FALSE(parse_dhcp(as_bytes(whole.substr(0, size))).has_value());
}

}  // namespace
}  // namespace tocsin::collectors::testing
