#include <gtest/gtest.h>

#include "collectors/packet/protocol/http2/parser.h"
#include "tests/unit/collectors/packet/parser_bench.h"
#include "tests/unit/collectors/packet/recording.h"

namespace tocsin::collectors::testing {
namespace {

std::string frame(unsigned type, unsigned flags, std::uint32_t stream, const std::string& payload) {
  const auto size = payload.size();
  return std::string{
             static_cast<char>(size >> 16U),   static_cast<char>(size >> 8U),   static_cast<char>(size),
             static_cast<char>(type),          static_cast<char>(flags),        static_cast<char>(stream >> 24U),
             static_cast<char>(stream >> 16U), static_cast<char>(stream >> 8U), static_cast<char>(stream)} +
         payload;
}
const std::string preface(http2_preface);
// RFC 7541, C.4.1: GET http www.example.com
const std::string request("\x82\x86\x84\x41\x8c\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\xff", 17);
const std::string ok("\x88", 1);

TEST(Http2, RequestAndAnswer) {
  const auto client = preface + frame(4, 0, 0, "") + frame(1, 5, 1, request);
  const auto server = frame(1, 4, 1, ok) + frame(0, 1, 1, "hello");
  for (const std::size_t step : {1U, 13U, 1'000U}) {
    ParserBench bench(Protocol::http2);
    for (std::size_t at = 0; at < client.size(); at += step) bench.client(client.substr(at, step));
    for (std::size_t at = 0; at < server.size(); at += step) bench.server(server.substr(at, step));
    EXPECT_EQ(bench.text("http.host"), "www.example.com");
    EXPECT_EQ(bench.text("http.request_line"), "GET / HTTP/2\r\n");
    EXPECT_EQ(bench.text("http.stat_code"), "200");
    EXPECT_EQ(bench.text("http.response_body"), "hello");
    ASSERT_EQ(bench.records.size(), 2U);
    ASSERT_EQ(bench.files.size(), 4U);
    EXPECT_EQ(bench.files[3].content, "hello");
  }
}

// RFC 7540, 3.2: the request of the upgrade is the first stream's, and is told as one.
TEST(Http2, TheRequestOfAnUpgradeIsAStreamsToo) {
  Bench bench;
  bench.handshake();
  bench.say(Direction::to_server,
            "GET /first HTTP/1.1\r\nHost: a.example\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
            "HTTP2-Settings: AAMAAABk\r\n\r\n");
  EXPECT_EQ(bench.listener.text("http.request_line"), "GET /first HTTP/1.1");
  bench.say(Direction::to_client,
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n" + frame(4, 0, 0, ""));
  EXPECT_EQ(bench.listener.text("http.request_line"), "GET /first HTTP/2\r\n");
  EXPECT_EQ(bench.listener.text("http.host"), "a.example");
}

TEST(Http2, HeadersInPieces) {
  ParserBench bench(Protocol::http2);
  bench.client(preface + frame(1, 1, 1, request.substr(0, 5)) + frame(9, 0, 1, request.substr(5, 4)) +
               frame(9, 4, 1, request.substr(9)));
  EXPECT_EQ(bench.text("http.host.raw"), "www.example.com");
}

TEST(Http2, NamesOverHttp) {
  ParserBench bench(Protocol::http2);
  const std::string type(
      "\x0f\x10\x17"
      "application/dns-message",
      26);
  const std::string query("\0\0\1\0\0\1\0\0\0\0\0\0\1a\2bc\0\0\1\0\1", 22);
  bench.client(preface + frame(1, 4, 1, "\x83" + request.substr(1) + type) + frame(0, 1, 1, query));
  bench.finish();
  EXPECT_EQ(bench.text("dns.query"), "a.bc");
}

TEST(Http2, WhatIsWrongIsSaid) {
  ParserBench bench(Protocol::http2);
  bench.client(preface + frame(1, 5, 1, std::string("\xff\xff\xff\xff\xff\xff\xff", 7)));
  EXPECT_TRUE(bench.raised(PacketEvent::http2_header_integer_overflow));
  bench.client(frame(4, 0, 0, "1234"));
  EXPECT_TRUE(bench.raised(PacketEvent::http2_invalid_frame_data));
}

// A few bytes that stand for many: the table multiplies.
TEST(Http2, HeaderBombsAreBounded) {
  HpackDecoder decoder(65'536);
  std::vector<Http2Field> fields;
  const std::string value(3'000, 'x');
  std::string block("\x40\x01\x61\x7f", 4);
  block += static_cast<char>(((3'000 - 127) & 0x7F) | 0x80);
  block += static_cast<char>((3'000 - 127) >> 7);
  block += value;
  ASSERT_EQ(decoder.decode(as_bytes(block), 1U << 18U, fields), HpackFault::none);
  EXPECT_EQ(decoder.decode(as_bytes(std::string(10'000, '\xbe')), 1U << 18U, fields), HpackFault::too_much);
  EXPECT_LT(fields.size(), 100U);
}

TEST(Http2, Huffman) {
  EXPECT_EQ(decode_huffman(as_bytes("\xa8\xeb\x10\x64\x9c\xbf")), "no-cache");
  EXPECT_EQ(decode_huffman(as_bytes("\x25\xa8\x49\xe9\x5b\xa9\x7d\x7f")), "custom-key");
  EXPECT_FALSE(decode_huffman(as_bytes(std::string(4, '\xff'))).has_value());
}

TEST(Http2, AnythingIsSurvived) { feed_anything(Protocol::http2, preface + frame(1, 4, 1, request)); }

}  // namespace
}  // namespace tocsin::collectors::testing
