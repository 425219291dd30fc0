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

TEST(Mdns, AnythingIsSurvived) { feed_anything(Protocol::mdns, announcement, ip_protocol::udp); }

}  // namespace
}  // namespace tocsin::collectors::testing
