#include <gtest/gtest.h>

#include "tests/unit/collectors/packet/parser_bench.h"

namespace tocsin::collectors::testing {
namespace {

const std::string screen =
    std::string("\x03\x20\x02\x58\x20\x18\x00\x01\x00\xff\x00\xff\x00\xff\x10\x08\x00\0\0\0", 20) +
    std::string("\0\0\0\4", 4) + "desk";

TEST(Rfb, PasswordAskedFor) {
  ParserBench bench(Protocol::rfb);
  bench.server("RFB 003.008\n");
  bench.client("RFB 003.008\n");
  bench.server("\x02\x01\x02");
  bench.client("\x02");
  EXPECT_EQ(bench.number("rfb.sectype"), 2U);
  bench.server("0123456789abcdef");
  bench.client("fedcba9876543210");
  bench.server(std::string(4, '\0'));
  EXPECT_EQ(bench.number("rfb.secresult"), 0U);
  bench.client("\x01");
  bench.server(screen);
  EXPECT_EQ(bench.state, ParserState::done);
  EXPECT_EQ(bench.text("rfb.name"), "desk");
  bench.finish();
  ASSERT_EQ(bench.records.size(), 1U);
  EXPECT_NE(bench.records[0].find("\"security_result\":\"OK\""), std::string::npos);
  EXPECT_NE(bench.records[0].find("\"width\":800,\"height\":600,\"name\":\"desk\""), std::string::npos);
}

TEST(Rfb, OldServersDecide) {
  ParserBench bench(Protocol::rfb);
  bench.server("RFB 003.003\n");
  bench.client("RFB 003.003\n");
  bench.server(std::string("\0\0\0\1", 4));
  bench.client("\x01");
  bench.server(screen);
  EXPECT_EQ(bench.state, ParserState::done);
}

TEST(Rfb, RefusalsAndUnknownKinds) {
  ParserBench refused(Protocol::rfb);
  refused.server("RFB 003.008\n");
  refused.client("RFB 003.008\n");
  refused.server(std::string("\0\0\0\0\3no!", 8));
  refused.finish();
  ASSERT_EQ(refused.records.size(), 1U);
  EXPECT_NE(refused.records[0].find("\"server_security_failure_reason\":\"no!\""), std::string::npos);
  ParserBench unknown(Protocol::rfb);
  unknown.server("RFB 003.889\n");
  unknown.client("RFB 003.008\n");
  unknown.server("\x01\x1e");
  unknown.client("\x1e");
  EXPECT_TRUE(unknown.raised(PacketEvent::rfb_unimplemented_security_type));
}

TEST(Rfb, AbsurdNames) {
  ParserBench bench(Protocol::rfb);
  bench.server("RFB 003.003\n");
  bench.client("RFB 003.003\n");
  bench.server(std::string("\0\0\0\1", 4));
  bench.client("\x01");
  bench.server(screen.substr(0, 20) + "\x7f\xff\xff\xff");
  EXPECT_EQ(bench.state, ParserState::failed);
  EXPECT_TRUE(bench.raised(PacketEvent::rfb_malformed_message));
}

}  // namespace
}  // namespace tocsin::collectors::testing
