#include "collectors/packet/defragment/defragmenter.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "tests/unit/collectors/packet/recording.h"

namespace tocsin::collectors::testing {
namespace {

std::vector<std::uint8_t> datagram(std::string_view payload) {
  const auto frame = udp_frame(client, {server.address, 53}, payload);
  return {frame.begin() + 34, frame.end()};  // UDP header and payload
}

std::vector<std::uint8_t> piece(const std::vector<std::uint8_t>& whole, std::size_t offset, std::size_t size,
                                std::uint16_t id = 7) {
  const std::size_t end = std::min(offset + size, whole.size());
  const std::vector<std::uint8_t> part(whole.begin() + static_cast<std::ptrdiff_t>(offset),
                                       whole.begin() + static_cast<std::ptrdiff_t>(end));
  const auto field = static_cast<std::uint16_t>(offset / 8 | (end < whole.size() ? 0x2000U : 0U));
  return ipv4_frame(client.address, server.address, 17, part, id, field);
}

const std::string query =
    std::string("\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00", 12) + std::string(
                                                                              "\x1f"
                                                                              "a-long-label-to-need-fragments0\x03"
                                                                              "com\x00\x00\x01\x00\x01",
                                                                              41);

TEST(Defragmenter, AnyOrderMakesTheDatagramWhole) {
  const auto whole = datagram(query);
  std::vector<std::size_t> offsets;
  for (std::size_t at = 0; at < whole.size(); at += 16) offsets.push_back(at);
  std::mt19937 random(3);
  for (int turn = 0; turn < 20; ++turn) {
    std::ranges::shuffle(offsets, random);
    Bench bench;
    for (const auto at : offsets) bench.frame(piece(whole, at, 16));
    EXPECT_EQ(bench.listener.text("dns.query"), "a-long-label-to-need-fragments0.com");
    EXPECT_EQ(bench.worker.counters().fragments_reassembled, 1U);
    EXPECT_EQ(bench.worker.counters().fragment_memory, 0U);
    EXPECT_EQ(bench.listener.packets, offsets.size() + 1);
  }
}

TEST(Defragmenter, LatePiecesDoNotJoinADatagramThatTimedOut) {
  const auto whole = datagram(query);
  Bench bench;
  bench.frame(piece(whole, 0, 32));
  bench.later(std::chrono::seconds(61));
  bench.frame(piece(whole, 32, 1000));
  EXPECT_EQ(bench.worker.counters().fragments_reassembled, 0U);
  EXPECT_EQ(bench.worker.counters().fragments_timed_out, 1U);
}

TEST(Defragmenter, CapsAreKept) {
  PacketOptions options;
  options.defragment.datagrams_most = 10;
  options.defragment.memory_most = 256;
  const auto whole = datagram(query);
  Bench bench(options);
  for (std::uint16_t id = 1; id <= 100; ++id) bench.frame(piece(whole, 0, 32, id));
  EXPECT_LE(bench.worker.counters().fragment_memory, 256U);
  EXPECT_GT(bench.worker.counters().fragments_refused + bench.worker.counters().fragments_timed_out, 0U);
}

TEST(Defragmenter, OverlapsAreMarkedAndTheFirstBytesStay) {
  const auto whole = datagram(query);
  auto forged = whole;
  for (std::size_t i = 16; i < 32; ++i) forged[i] ^= 0x20;
  Bench bench;
  bench.frame(piece(whole, 0, 32));
  bench.frame(piece(forged, 16, 16));
  bench.frame(piece(whole, 32, 1000));
  EXPECT_EQ(bench.listener.text("dns.query"), "a-long-label-to-need-fragments0.com");
}

TEST(Defragmenter, MoreThanADatagramHoldsIsRefused) {
  Bench bench;
  const std::vector<std::uint8_t> part(1000, 'x');
  bench.frame(ipv4_frame(client.address, server.address, 17, part, 9, 0x1FFF));
  EXPECT_EQ(bench.worker.counters().fragments_refused, 1U);
}

}  // namespace
}  // namespace tocsin::collectors::testing
