#include <gtest/gtest.h>

#include "collectors/packet/protocol/mdns/parser.h"
#include "tests/unit/collectors/packet/parser_bench.h"

namespace tocsin::collectors::testing {
namespace {

const std::string announcement("\0\0\x84\0\0\0\0\1\0\0\0\0\1a\5local\0\0\x10\0\1\0\0\0\1\0\6\5key=v", 37);

TEST(Mdns, Announcement) {
  ParserBench bench(Protocol::mdns, ip_protocol::udp);
  bench.client(announcement);
  ASSERT_EQ(bench.records.size(), 1U);
  EXPECT_EQ(bench.text("mdns.answers.rrname"), "a.local");
  EXPECT_NE(bench.records[0].find("\"txt\":[\"key=v\"]"), std::string::npos);
}

TEST(Mdns, WhatIsOddIsSaid) {
  auto odd = announcement;
  odd[2] = '\xB8';  // operation 7
  odd[3] = '\x40';
  odd[11] = 1;  // an additional record that is not there
  ParserBench bench(Protocol::mdns, ip_protocol::udp);
  bench.client(odd);
  EXPECT_TRUE(bench.raised(PacketEvent::mdns_z_flag_set));
  EXPECT_TRUE(bench.raised(PacketEvent::mdns_invalid_opcode));
  EXPECT_TRUE(bench.raised(PacketEvent::mdns_invalid_additionals));
  EXPECT_FALSE(bench.raised(PacketEvent::mdns_malformed_data));
  EXPECT_EQ(bench.text("mdns.answers.rrname"), "a.local");
}

TEST(Mdns, AnythingIsSurvived) { feed_anything(Protocol::mdns, announcement, ip_protocol::udp); }

}  // namespace
}  // namespace tocsin::collectors::testing
