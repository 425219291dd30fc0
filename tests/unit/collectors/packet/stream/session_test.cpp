#include "collectors/packet/stream/session.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "tests/unit/collectors/packet/recording.h"

namespace tocsin::collectors::testing {
namespace {

TcpSegment up(std::uint32_t sequence, std::string_view payload, std::uint8_t flags = tcp_flag::ack) {
  return {client, server, sequence, 5001, flags, payload};
}
TcpSegment acknowledged(std::uint32_t number) { return {server, client, 5001, number, tcp_flag::ack}; }

TEST(TcpSession, BytesComeOnceAcknowledged) {
  Bench bench;
  bench.handshake();
  bench.tcp(up(1001, "hello"));
  EXPECT_EQ(bench.listener.to_server, "");
  bench.tcp(acknowledged(1004));
  EXPECT_EQ(bench.listener.to_server, "hel");
  bench.tcp(acknowledged(1004));  // the same again is not news
  bench.tcp(acknowledged(1006));
  EXPECT_EQ(bench.listener.to_server, "hello");
}

TEST(TcpSession, WhatWasNotAcknowledgedComesAtTheEnd) {
  Bench bench;
  bench.handshake();
  bench.tcp(up(1001, "hello"));
  bench.worker.finish();
  EXPECT_EQ(bench.listener.to_server, "hello");
  EXPECT_EQ(bench.listener.lines.back(), "flow end");
}

TEST(TcpSession, AnyOrderGivesTheSameBytes) {
  const std::string text = "The quick brown fox jumps over the lazy dog, again and again and again.";
  std::vector<std::pair<std::size_t, std::size_t>> pieces;
  for (std::size_t at = 0; at < text.size(); at += 5) pieces.emplace_back(at, 9);  // overlapping, equal bytes
  std::mt19937 random(7);
  for (int turn = 0; turn < 50; ++turn) {
    std::ranges::shuffle(pieces, random);
    Bench bench;
    bench.handshake();
    for (const auto& [at, size] : pieces)
      bench.tcp(up(static_cast<std::uint32_t>(1001 + at), std::string_view(text).substr(at, size)));
    bench.tcp(acknowledged(static_cast<std::uint32_t>(1001 + text.size())));
    EXPECT_EQ(bench.listener.to_server, text);
    EXPECT_EQ(bench.listener.gaps, 0U);
  }
}

TEST(TcpSession, LostBytesThatWereAcknowledgedAreAGap) {
  Bench bench;
  bench.handshake();
  bench.tcp(up(1001, "abc"));
  bench.tcp(up(1011, "xyz"));
  bench.tcp(acknowledged(1014));
  EXPECT_EQ(bench.listener.to_server, "abcxyz");
  EXPECT_EQ(bench.listener.gaps, 7U);
  EXPECT_EQ(bench.worker.counters().stream_gap_bytes, 7U);
}

TEST(TcpSession, SequenceNumbersWrap) {
  Bench bench;
  bench.tcp({client, server, 0xFFFFFFFB, 0, tcp_flag::syn});
  bench.tcp({server, client, 5000, 0xFFFFFFFC, tcp_flag::syn | tcp_flag::ack});
  bench.tcp({client, server, 0xFFFFFFFC, 5001, tcp_flag::ack});
  bench.tcp({client, server, 0xFFFFFFFC, 5001, tcp_flag::ack, "0123456789"});
  bench.tcp({client, server, 6, 5001, tcp_flag::ack, "abc"});
  bench.tcp({server, client, 5001, 9, tcp_flag::ack});
  EXPECT_EQ(bench.listener.to_server, "0123456789abc");
}

// Found by tests/fuzz/packet_stream: cut at the FIN, nothing of it is new, and nothing is not to be delivered.
TEST(TcpSession, ARetransmissionThatGoesPastTheFinBringsNothing) {
  Bench bench;
  bench.handshake();
  bench.tcp(up(1001, "hello"));
  bench.tcp(acknowledged(1006));
  bench.tcp(up(1006, "", tcp_flag::ack | tcp_flag::fin));
  bench.tcp(up(1004, "lo and more"));
  bench.tcp(acknowledged(1007));
  EXPECT_EQ(bench.listener.to_server, "hello");
}

TEST(TcpSession, FinEndsADirectionAndTheFlow) {
  Bench bench;
  bench.handshake();
  bench.tcp(up(1001, "bye", tcp_flag::ack | tcp_flag::fin));
  bench.tcp({server, client, 5001, 1005, tcp_flag::ack | tcp_flag::fin});
  bench.tcp({client, server, 1005, 5002, tcp_flag::ack});
  EXPECT_EQ(bench.listener.to_server, "bye");
  EXPECT_EQ(std::ranges::count(bench.listener.lines, "end to_server"), 1);
  EXPECT_EQ(std::ranges::count(bench.listener.lines, "end to_client"), 1);
  bench.worker.finish();
  EXPECT_NE(bench.records.json.back().find("\"flow.state\":\"closed\""), std::string::npos);
}

TEST(TcpSession, ResetOutsideTheWindowIsIgnored) {
  Bench bench;
  bench.handshake();
  bench.tcp({server, client, 900'000'000, 1001, tcp_flag::rst});
  bench.say(Direction::to_server, "still here");
  EXPECT_EQ(bench.listener.to_server, "still here");
}

TEST(TcpSession, BytesBeyondTheWindowAreNotTaken) {
  Bench bench;
  bench.handshake();
  bench.tcp(up(1001 + 200'000, "injected"));
  bench.tcp(up(1001, "real"));
  bench.tcp(acknowledged(1005));
  bench.worker.finish();
  EXPECT_EQ(bench.listener.to_server, "real");
  EXPECT_EQ(bench.worker.counters().packets_out_of_window, 1U);
}

TEST(TcpSession, MidstreamOnlyWhenWanted) {
  for (const bool wanted : {false, true}) {
    PacketOptions options;
    options.stream.midstream = wanted;
    Bench bench(options);
    bench.tcp(up(7000, "GET /x HTTP/1.1\r\nHost: h\r\n\r\n"));
    bench.tcp(acknowledged(7000 + 28));
    EXPECT_EQ(bench.listener.text("http.uri"), wanted ? "/x" : "<none>");
  }
}

TEST(TcpSession, MidstreamAnswerFirstTurnsTheFlowAround) {
  PacketOptions options;
  options.stream.midstream = true;
  Bench bench(options);
  const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
  bench.tcp({server, client, 1, 1, tcp_flag::ack, answer});
  bench.tcp({client, server, 1, 1 + static_cast<std::uint32_t>(answer.size()), tcp_flag::ack});
  bench.worker.finish();
  EXPECT_NE(bench.records.json.back().find("\"destination.port\":80"), std::string::npos) << bench.records.json.back();
}

TEST(TcpSession, DepthEndsTheDirection) {
  PacketOptions options;
  options.stream.depth = 8;
  Bench bench(options);
  bench.handshake();
  bench.say(Direction::to_server, "0123456789");
  bench.say(Direction::to_server, "more");
  EXPECT_EQ(bench.listener.to_server, "01234567");
  EXPECT_EQ(bench.worker.counters().stream_depth_reached, 1U);
}

TEST(TcpSession, TheSegmentThatPassesTheDepthSaysSo) {
  PacketOptions options;
  options.stream.depth = 8;
  Bench bench(options);
  bench.handshake();
  bench.tcp(up(1001, "01234567"));
  EXPECT_FALSE(bench.listener.raised(PacketEvent::stream_depth_reached));
  bench.tcp(up(1009, "8"));
  EXPECT_TRUE(bench.listener.raised(PacketEvent::stream_depth_reached));
  bench.tcp(up(1010, "9"));  // said once
  EXPECT_FALSE(bench.listener.raised(PacketEvent::stream_depth_reached));
}

TEST(TcpSession, ProtocolsThatStayForLongHaveADepthOfTheirOwn) {
  const std::string startup("\0\0\0\x10\0\3\0\0user\0a\0\0", 16);
  const std::string query = std::string("Q\0\0\0\x2D", 5) + std::string(40, 'x') + '\0';
  for (const std::uint64_t depth : {std::uint64_t{0}, std::uint64_t{50}}) {
    PacketOptions options;
    options.pgsql.enabled = true;
    options.stream.depth = 32;
    options.stream.pgsql_depth = depth;
    Bench bench(options);
    bench.handshake();
    bench.say(Direction::to_server, startup);
    bench.say(Direction::to_server, query);
    bench.say(Direction::to_server, query);
    EXPECT_EQ(bench.listener.to_server.size(), depth == 0 ? startup.size() + 2 * query.size() : depth);
  }
}

TEST(TcpSession, MemoryCapRefusesAndCounts) {
  PacketOptions options;
  options.stream.memory_most = 4;
  Bench bench(options);
  bench.handshake();
  bench.tcp(up(1001, "abcdefgh"));
  EXPECT_EQ(bench.worker.counters().stream_memory_refused, 1U);
  bench.worker.finish();
  EXPECT_EQ(bench.worker.counters().stream_memory, 0U);
}

struct Overlap {
  OverlapPolicy policy;
  std::string_view result;
};
// Names the test: bytes would be others in every build.
void PrintTo(const Overlap& overlap, std::ostream* out) { *out << overlap.result; }
class Overlaps : public ::testing::TestWithParam<Overlap> {};

// Old: A at 4-8, B at 8-12, C at 12-16; then x over 2-10 and y over 10-18.
TEST_P(Overlaps, FollowTheReceiver) {
  PacketOptions options;
  options.host_policies.push_back({Network{IpAddress::v4(server.address), 32}, GetParam().policy});
  Bench bench(options);
  bench.handshake();
  bench.tcp(up(1001 + 4, "AAAA"));
  bench.tcp(up(1001 + 8, "BBBB"));
  bench.tcp(up(1001 + 12, "CCCC"));
  bench.tcp(up(1001 + 2, "xxxxxxxx"));
  bench.tcp(up(1001 + 10, "yyyyyyyy"));
  bench.tcp(up(1001, "--"));
  bench.tcp(acknowledged(1001 + 18));
  EXPECT_EQ(bench.listener.to_server, GetParam().result);
}
INSTANTIATE_TEST_SUITE_P(Policies, Overlaps,
                         ::testing::Values(Overlap{OverlapPolicy::bsd, "--xxxxxxxxBByyyyyy"},
                                           Overlap{OverlapPolicy::first, "--xxAAAABBBBCCCCyy"},
                                           Overlap{OverlapPolicy::last, "--xxxxxxxxyyyyyyyy"},
                                           Overlap{OverlapPolicy::vista, "--xxAAAABBBBCCCCyy"},
                                           Overlap{OverlapPolicy::solaris, "--xxxxxxBByyyyyyyy"}));

}  // namespace
}  // namespace tocsin::collectors::testing
