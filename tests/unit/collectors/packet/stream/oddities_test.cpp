// Stream events: what is told of which segment.
#include <gtest/gtest.h>

#include "collectors/packet/packet_event.h"
#include "tests/unit/collectors/packet/recording.h"

namespace tocsin::collectors::testing {
namespace {

constexpr std::uint8_t ack = tcp_flag::ack, syn = tcp_flag::syn, fin = tcp_flag::fin, rst = tcp_flag::rst;

struct Told {
  Bench bench;
  bool after(const TcpSegment& segment, PacketEvent event) {
    bench.tcp(segment);
    return bench.listener.raised(event);
  }
};

TEST(StreamEvents, SegmentsOfNoSession) {
  Told told;
  EXPECT_TRUE(told.after({client, server, 1, 0, rst}, PacketEvent::stream_rst_but_no_session));
  EXPECT_TRUE(told.after({client, server, 1, 5, fin | ack}, PacketEvent::stream_fin_but_no_session));
  EXPECT_TRUE(told.after({client, server, 1, 0, fin | syn}, PacketEvent::stream_fin_syn));
  EXPECT_TRUE(told.after({client, server, 1, 77, syn}, PacketEvent::stream_broken_ack));
}

TEST(StreamEvents, SynsAndTheirAnswersSentAgain) {
  Told told;
  told.bench.handshake();
  told.bench.tcp({client, server, 1001, 5001, ack, "a"});
  told.bench.tcp({server, client, 5001, 1002, ack});
  EXPECT_TRUE(told.after({client, server, 1000, 0, syn}, PacketEvent::stream_est_syn_resend));
  EXPECT_TRUE(told.after({client, server, 999, 0, syn}, PacketEvent::stream_est_syn_resend_diff_seq));
  EXPECT_TRUE(told.after({server, client, 999, 0, syn}, PacketEvent::stream_est_syn_toclient));
  EXPECT_TRUE(told.after({server, client, 5000, 1001, syn | ack}, PacketEvent::stream_est_synack_resend));
  EXPECT_TRUE(told.after({server, client, 1, 1001, syn | ack}, PacketEvent::stream_est_synack_resend_with_diff_seq));
  EXPECT_TRUE(told.after({client, server, 1, 1001, syn | ack}, PacketEvent::stream_est_synack_toserver));
  EXPECT_FALSE(told.after({client, server, 1002, 5001, ack, "b"}, PacketEvent::stream_est_pkt_before_last_ack));
}

TEST(StreamEvents, NumbersThatCannotBe) {
  Told told;
  told.bench.handshake();
  told.bench.tcp({client, server, 1001, 5001, ack, "abcd"});
  told.bench.tcp({server, client, 5001, 1005, ack});
  EXPECT_TRUE(told.after({client, server, 1001, 5001, ack, "abcd"}, PacketEvent::stream_spurious_retransmission));
  EXPECT_TRUE(told.after({client, server, 1002, 5001, ack}, PacketEvent::stream_est_pkt_before_last_ack));
  EXPECT_TRUE(told.after({client, server, 1005, 900'000, ack}, PacketEvent::stream_pkt_invalid_ack));
  EXPECT_TRUE(told.after({client, server, 900'000, 5001, fin | ack}, PacketEvent::stream_fin_out_of_window));
  // As it goes on nothing is odd.
  told.bench.tcp({client, server, 1005, 5001, ack, "e"});
  EXPECT_EQ(told.bench.listener.last_events.count(), 0U);
  told.bench.tcp({server, client, 5001, 1006, fin | ack});
  EXPECT_EQ(told.bench.listener.last_events.count(), 0U);
  EXPECT_TRUE(told.after({client, server, 1000, 0, syn}, PacketEvent::stream_shutdown_syn_resend));
}

TEST(StreamEvents, DataAfterTheSameSendersReset) {
  Told told;
  told.bench.handshake();
  told.bench.tcp({client, server, 700'000, 5001, rst | ack});  // does not hold
  EXPECT_TRUE(told.after({client, server, 1001, 5001, ack, "abcd"}, PacketEvent::stream_suspected_rst_inject));
}

TEST(StreamEvents, AFloodOfSyns) {
  Told told;
  // The first, and the ten that may wait behind it.
  for (std::uint32_t i = 0; i < 11; ++i)
    EXPECT_FALSE(told.after({client, server, 1000 * i, 0, syn}, PacketEvent::stream_syn_flood));
  EXPECT_TRUE(told.after({client, server, 77, 0, syn}, PacketEvent::stream_syn_flood));
}

// Somebody else's SYN after the real one must not blind us.
TEST(StreamEvents, TheAnswerSaysWhichSynCounts) {
  Bench bench;
  bench.tcp({client, server, 1000, 0, syn});
  bench.tcp({client, server, 777'000, 0, syn});
  bench.tcp({server, client, 5000, 1001, syn | ack});
  bench.tcp({client, server, 1001, 5001, ack});
  bench.tcp({client, server, 1001, 5001, ack, "hello"});
  bench.tcp({server, client, 5001, 1006, ack});
  EXPECT_EQ(bench.listener.to_server, "hello");
}

TEST(StreamEvents, AHandshakeInFourSteps) {
  Bench bench;
  bench.tcp({client, server, 1000, 0, syn});
  bench.tcp({server, client, 5000, 0, syn});
  bench.tcp({client, server, 1000, 5001, syn | ack});
  bench.tcp({server, client, 5001, 1001, ack});
  bench.tcp({client, server, 1001, 5001, ack, "hello"});
  bench.tcp({server, client, 5001, 1006, ack});
  EXPECT_EQ(bench.listener.to_server, "hello");
}

}  // namespace
}  // namespace tocsin::collectors::testing
