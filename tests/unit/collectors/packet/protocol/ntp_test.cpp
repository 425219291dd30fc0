#include <gtest/gtest.h>

#include "collectors/packet/protocol/ntp/transaction.h"
#include "tests/unit/collectors/packet/recording.h"

namespace tocsin::collectors::testing {
namespace {

std::string message(std::uint8_t first, std::size_t size = 48) {
  std::string out(size, '\0');
  out[0] = static_cast<char>(first);
  out[1] = 2;
  return out;
}

TEST(Ntp, Messages) {
  const auto request = parse_ntp_message(as_bytes(message(0x23)));
  ASSERT_TRUE(request.has_value());
  EXPECT_EQ(request->version, 4);
  EXPECT_EQ(request->mode, NtpMessage::client);
  EXPECT_EQ(request->stratum, 2);
  EXPECT_TRUE(parse_ntp_message(as_bytes(message(0x1E, 12))).has_value());  // control
  for (std::size_t size = 0; size < 48; ++size)
    EXPECT_FALSE(parse_ntp_message(as_bytes(message(0x23, size))).has_value()) << size;
  EXPECT_FALSE(parse_ntp_message(as_bytes(message(0x0B))).has_value());  // version 1
  EXPECT_FALSE(parse_ntp_message(as_bytes(message(0x27))).has_value());  // private
}

TEST(Ntp, EveryProtocolIsFoundByItsName) {
  for (const auto& row : protocol_table()) EXPECT_EQ(find_protocol(protocol_name(row.protocol)), row.protocol);
  EXPECT_EQ(find_protocol("ntp"), Protocol::ntp);
}

TEST(Ntp, OnlyOnItsPort) {
  for (const bool own : {true, false}) {
    Bench bench;
    const Endpoint far{server.address, static_cast<std::uint16_t>(own ? 123 : 9'999)};
    bench.frame(udp_frame(client, far, message(0x23)));
    bench.frame(udp_frame(far, client, message(0x24)));
    bench.frame(udp_frame(client, far, "junk"));
    EXPECT_EQ(bench.worker.counters().transactions, own ? 3U : 0U);
  }
}

}  // namespace
}  // namespace tocsin::collectors::testing
