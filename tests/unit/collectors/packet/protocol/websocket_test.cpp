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

// Both messages are parts of one stream: the second refers to the first.
TEST(Websocket, CompressedMessages) {
  const std::string first("\xf2\x48\xcd\xc9\xc9\x57\xf0\x40\x90\x00\x00", 11), second("\xf2\x40\x17\x00\x00", 5);
  for (const std::size_t step : {1U, 100U}) {
    ParserBench bench(Protocol::websocket);
    std::string bytes = std::string("\xc1\x0b", 2) + first;
    for (std::size_t at = 0; at < bytes.size(); at += step) bench.server(bytes.substr(at, step));
    EXPECT_EQ(bench.text("websocket.payload"), "Hello Hello Hello");
    bench.server(std::string("\x81\x02ok", 4));  // one that is not compressed
    EXPECT_EQ(bench.text("websocket.payload"), "ok");
    bytes = std::string("\x41\x02", 2) + second.substr(0, 2) + std::string("\x80\x03", 2) + second.substr(2);
    for (std::size_t at = 0; at < bytes.size(); at += step) bench.server(bytes.substr(at, step));
    EXPECT_EQ(bench.text("websocket.payload"), "Hello Hello Hello");
  }
}

TEST(Websocket, WhatIsNotCompressedStaysAsItCame) {
  ParserBench bench(Protocol::websocket);
  bench.server(std::string("\xc1\x03", 2) + "\xff\xff\xff");
  EXPECT_EQ(bench.text("websocket.payload"), "\xff\xff\xff");
  bench.server(std::string("\xc1\x05\xf2\x40\x17\x00\x00", 7));  // refers to what nobody could read
  EXPECT_EQ(bench.text("websocket.payload"), std::string("\xf2\x40\x17\x00\x00", 5));
}

TEST(Websocket, AnythingIsSurvived) { feed_anything(Protocol::websocket, std::string("\x81\x02hi", 4)); }

}  // namespace
}  // namespace tocsin::collectors::testing
