#include <gtest/gtest.h>

#include "collectors/packet/protocol/sip/parser.h"
#include "tests/unit/collectors/packet/parser_bench.h"

namespace tocsin::collectors::testing {
namespace {

const std::string body = "v=0\r\no=me 1 2 IN IP4 10.0.0.1\r\ns=call\r\nt=1 2\r\nm=audio 1 RTP/AVP 0\r\ni=medium\r\n";
const std::string invite =
    "INVITE sip:a@b SIP/2.0\r\nf: <sip:me>\r\nTo: you\r\nVia: one\r\nVia: two\r\nc: application/sdp\r\nl: " +
    std::to_string(body.size()) + "\r\n\r\n" + body;

TEST(Sip, RequestsOverUdp) {
  ParserBench bench(Protocol::sip, ip_protocol::udp);
  bench.client(invite);
  EXPECT_EQ(bench.text("sip.method"), "INVITE");
  EXPECT_EQ(bench.text("sip.uri"), "sip:a@b");
  EXPECT_EQ(bench.text("sip.from"), "<sip:me>");
  EXPECT_EQ(bench.text("sip.via"), "two");
  EXPECT_EQ(bench.text("sdp.origin"), "me 1 2 IN IP4 10.0.0.1");
  EXPECT_EQ(bench.text("sdp.media.media_info"), "medium");
  EXPECT_EQ(bench.text("sdp.session_info"), "<none>");
}

TEST(Sip, ResponsesOverUdp) {
  ParserBench bench(Protocol::sip, ip_protocol::udp);
  bench.server("SIP/2.0 401 Unauthorized\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(bench.text("sip.stat_code"), "401");
  EXPECT_EQ(bench.text("sip.stat_msg"), "Unauthorized");
  EXPECT_EQ(bench.text("sip.method"), "<none>");
}

TEST(Sip, OverTcpInAnySegments) {
  const auto bytes = invite + "\r\n\r\n" + invite;
  for (const std::size_t step : {1U, 10U, 100'000U}) {
    ParserBench bench(Protocol::sip);
    for (std::size_t at = 0; at < bytes.size(); at += step) bench.client(bytes.substr(at, step));
    EXPECT_EQ(bench.records.size(), 2U);
    EXPECT_EQ(bench.text("sdp.session_name"), "call");
  }
}

TEST(Sip, AHeadWithoutEndIsGivenUp) {
  ParserBench bench(Protocol::sip);
  bench.client("INVITE sip:a@b SIP/2.0\r\n");
  for (int i = 0; i < 100 && bench.state == ParserState::more; ++i) bench.client(std::string(1'000, 'x'));
  EXPECT_EQ(bench.state, ParserState::failed);
}

TEST(Sip, Detection) {
  EXPECT_EQ(look_at_sip(as_bytes(invite)), SipLook::request);
  EXPECT_EQ(look_at_sip(as_bytes("SIP/2.0 200 OK\r\n")), SipLook::response);
  EXPECT_EQ(look_at_sip(as_bytes("INVI")), SipLook::more);
  EXPECT_EQ(look_at_sip(as_bytes("GET / HTTP/1.1\r\n")), SipLook::no);
}

}  // namespace
}  // namespace tocsin::collectors::testing
