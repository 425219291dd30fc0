#include <gtest/gtest.h>

#include "collectors/packet/protocol/websocket/parser.h"
#include "tests/unit/collectors/packet/parser_bench.h"

namespace tocsin::collectors::testing {
namespace {

TEST(Websocket, FragmentsAroundAPing) {
  const std::string bytes = std::string("\x01\x83\1\2\3\4", 6) + std::string("\x60\x60\x60", 3) +
                            std::string("\x89\x00", 2) + std::string("\x80\x02zz", 4);
  for (const std::size_t step : {1U, 5U, 100U}) {
    ParserBench bench(Protocol::websocket);
    for (std::size_t at = 0; at < bytes.size(); at += step) bench.client(bytes.substr(at, step));
    ASSERT_EQ(bench.records.size(), 2U);
    EXPECT_NE(bench.records[0].find("ping"), std::string::npos);
    EXPECT_EQ(bench.text("websocket.payload"), "abczz");
    EXPECT_EQ(bench.number("websocket.opcode"), 1U);
  }
}

TEST(Websocket, LongPayloadsAreCut) {
  ParserBench bench(Protocol::websocket);
  bench.server(std::string("\x82\x7f\0\0\0\0\0\1\x11\x70", 10) + std::string(70'000, 'x'));
  ASSERT_EQ(bench.records.size(), 1U);
  EXPECT_TRUE(bench.raised(PacketEvent::websocket_skip_end_of_payload));
  EXPECT_EQ(bench.text("websocket.payload").size(), 65'535U);
}

TEST(Websocket, AnythingIsSurvived) { feed_anything(Protocol::websocket, std::string("\x81\x02hi", 4)); }

}  // namespace
}  // namespace tocsin::collectors::testing
