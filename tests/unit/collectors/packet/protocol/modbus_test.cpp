#include <gtest/gtest.h>

#include "collectors/packet/protocol/modbus/parser.h"
#include "tests/unit/collectors/packet/parser_bench.h"

namespace tocsin::collectors::testing {
namespace {

const std::string read_coils("\0\1\0\0\0\6\x0a\1\0\0\0\5", 12);
const std::string coils("\0\1\0\0\0\4\x0a\1\1\x1f", 10);

TEST(Modbus, RequestAndAnswer) {
  for (const std::size_t step : {1U, 5U, 100U}) {
    ParserBench bench(Protocol::modbus);
    for (std::size_t at = 0; at < read_coils.size(); at += step) bench.client(read_coils.substr(at, step));
    for (std::size_t at = 0; at < coils.size(); at += step) bench.server(coils.substr(at, step));
    ASSERT_EQ(bench.records.size(), 1U);
    EXPECT_EQ(bench.number("modbus.unit"), 10U);
    EXPECT_EQ(bench.number("modbus.address.last"), 4U);
    EXPECT_NE(bench.records[0].find("READ | COILS"), std::string::npos);
  }
}

TEST(Modbus, WhatIsWrongIsSaid) {
  ParserBench bench(Protocol::modbus);
  bench.server(coils);
  EXPECT_TRUE(bench.raised(PacketEvent::modbus_unsolicited_response));
  bench.client(std::string("\0\2\0\0\0\6\x0a\5\0\0\1\1", 12));
  bench.finish();
  EXPECT_TRUE(bench.raised(PacketEvent::modbus_invalid_value));
  bench.client(std::string("\0\2\0\0\xff\xff", 6));
  EXPECT_EQ(bench.state, ParserState::failed);
}

TEST(Modbus, AnythingIsSurvived) { feed_anything(Protocol::modbus, read_coils); }

}  // namespace
}  // namespace tocsin::collectors::testing
