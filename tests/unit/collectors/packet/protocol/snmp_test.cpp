#include <gtest/gtest.h>

#include "collectors/packet/protocol/snmp/message.h"
#include "tests/unit/collectors/packet/parser_bench.h"

namespace tocsin::collectors::testing {
namespace {

std::string item(unsigned tag, const std::string& content) {
  return std::string(1, static_cast<char>(tag)) + static_cast<char>(content.size()) + content;
}
std::string number(char value) { return item(0x02, std::string(1, value)); }
const std::string variables = item(0x30, item(0x30, item(0x06, "\x2b\x06\x01\x02\x01") + item(0x05, "")));
std::string message(char version, unsigned kind) {
  return item(
      0x30, number(version) + item(0x04, "public") + item(0xA0 + kind, number(7) + number(0) + number(0) + variables));
}

TEST(Snmp, RequestsOfVersion2c) {
  ParserBench bench(Protocol::snmp, ip_protocol::udp);
  bench.client(message(1, 0));
  EXPECT_EQ(bench.text("snmp.community"), "public");
  EXPECT_EQ(bench.number("snmp.version"), 2U);
  EXPECT_EQ(bench.number("snmp.pdu_type"), 0U);
  ASSERT_EQ(bench.records.size(), 1U);
  EXPECT_NE(bench.records[0].find("\"vars\":[\"1.3.6.1.2.1\"]"), std::string::npos);
}

TEST(Snmp, TrapsOfVersion1) {
  const auto trap = item(0x30, number(0) + item(0x04, "public") +
                                   item(0xA4, item(0x06, "\x2b\x06\x01") + item(0x40, "\x7f\x01\x02\x03") + number(2) +
                                                  number(0) + item(0x43, "\x05") + variables));
  const auto found = parse_snmp(as_bytes(trap));
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->trap_object, "1.3.6.1");
  EXPECT_EQ(found->trap_address, "127.1.2.3");
  EXPECT_EQ(snmp_trap_name(*found->trap), "link_down");
}

TEST(Snmp, VersionsThatChangeAreSaid) {
  ParserBench bench(Protocol::snmp, ip_protocol::udp);
  bench.client(message(1, 0));
  bench.server(message(0, 2));
  EXPECT_TRUE(bench.raised(PacketEvent::snmp_version_mismatch));
  bench.client("nonsense");
  EXPECT_TRUE(bench.raised(PacketEvent::snmp_malformed_data));
}

TEST(Snmp, EveryCutIsSurvived) {
  const auto whole = message(1, 5);
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(parse_snmp(as_bytes(whole.substr(0, size))).has_value());
  EXPECT_TRUE(parse_snmp(as_bytes(whole)).has_value());
}

TEST(Snmp, ObjectIdentifiers) {
  EXPECT_EQ(render_object_identifier(as_bytes("\x2b\x06\x01\x04\x01\x82\x37")), "1.3.6.1.4.1.311");
  EXPECT_EQ(render_object_identifier(as_bytes("\x01")), "0.1");
  EXPECT_EQ(render_object_identifier({}), "");
}

}  // namespace
}  // namespace tocsin::collectors::testing
