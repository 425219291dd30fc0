#include <gtest/gtest.h>

#include "collectors/packet/protocol/dnp3/parser.h"
#include "tests/unit/collectors/packet/parser_bench.h"

namespace tocsin::collectors::testing {
namespace {

std::uint16_t checksum(std::string_view bytes) {
  unsigned value = 0;
  for (const char c : bytes) {
    value ^= static_cast<std::uint8_t>(c);
    for (int i = 0; i < 8; ++i) value = (value & 1U) != 0 ? (value >> 1U) ^ 0xA6BCU : value >> 1U;
  }
  return static_cast<std::uint16_t>(~value);
}
std::string sealed(const std::string& bytes) {
  const auto sum = checksum(bytes);
  return bytes + static_cast<char>(sum & 0xFFU) + static_cast<char>(sum >> 8U);
}
// A link frame around a transport segment.
std::string frame(unsigned control, const std::string& user) {
  std::string out = sealed(std::string("\x05\x64", 2) + static_cast<char>(user.size() + 5) +
                           static_cast<char>(control) + std::string("\x02\0\x03\0", 4));
  for (std::size_t at = 0; at < user.size(); at += 16) out += sealed(user.substr(at, 16));
  return out;
}
const std::string write_time = frame(0xC4, std::string("\xC0\xC0\x02\x32\x01\x07\x01\x01\0\0\0\0\0", 13));

TEST(Dnp3, RequestWithPoints) {
  for (const std::size_t step : {1U, 11U, 1'000U}) {
    ParserBench bench(Protocol::dnp3);
    for (std::size_t at = 0; at < write_time.size(); at += step) bench.client(write_time.substr(at, step));
    ASSERT_EQ(bench.records.size(), 1U);
    EXPECT_EQ(bench.number("dnp3_func"), 2U);
    EXPECT_EQ(bench.number("dnp3_obj"), 0x3201U);
    EXPECT_NE(bench.records[0].find("\"timestamp\":1"), std::string::npos);
    EXPECT_NE(bench.records[0].find("\"complete\":true"), std::string::npos);
  }
}

TEST(Dnp3, SegmentsArePutTogether) {
  ParserBench bench(Protocol::dnp3);
  bench.client(frame(0xC4, std::string("\x40\xC0\x02\x32\x01\x07", 6)));
  EXPECT_TRUE(bench.records.empty());
  bench.client(frame(0xC4, std::string("\x81\x01\x01\0\0\0\0\0", 8)));
  EXPECT_EQ(bench.records.size(), 1U);
}

TEST(Dnp3, WhatIsWrongIsSaid) {
  ParserBench bench(Protocol::dnp3);
  auto bad = write_time;
  bad[8] = static_cast<char>(bad[8] ^ 1);
  bench.client(bad);
  EXPECT_TRUE(bench.raised(PacketEvent::dnp3_bad_link_crc));
  bench.client(frame(0xC4, std::string("\xC0\xC0\x02\xFE\xFE\x07\x01", 7)));
  EXPECT_TRUE(bench.raised(PacketEvent::dnp3_unknown_object));
  // Four thousand million points in a few bytes.
  bench.client(frame(0xC4, std::string("\xC0\xC0\x02\x32\x01\x09\xFF\xFF\xFF\xFF", 10)));
  EXPECT_TRUE(bench.raised(PacketEvent::dnp3_too_many_points));
}

TEST(Dnp3, AnythingIsSurvived) { feed_anything(Protocol::dnp3, write_time); }

}  // namespace
}  // namespace tocsin::collectors::testing
