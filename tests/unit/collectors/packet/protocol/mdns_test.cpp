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

TEST(Mdns, AnythingIsSurvived) {
  std::uint32_t state = 7;
  for (int round = 0; round < 300; ++round) {
    ParserBench bench(Protocol::mdns, ip_protocol::udp);
    for (int turn = 0; turn < 4 && bench.state == ParserState::more; ++turn) {
      std::string bytes = turn == 0 ? announcement : std::string();
      for (std::uint32_t i = 0; i < (state >> 8U) % 200; ++i) {
        state = state * 1'664'525U + 1'013'904'223U;
        bytes += static_cast<char>(state >> 24U);
      }
      if (turn % 2 == 0) bench.client(bytes);
      else bench.server(bytes);
    }
    bench.finish();
  }
}

}  // namespace
}  // namespace tocsin::collectors::testing
