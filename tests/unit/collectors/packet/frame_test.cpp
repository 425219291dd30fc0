#include <gtest/gtest.h>

#include "collectors/packet/frame/cutter.h"
#include "tests/unit/collectors/packet/recording.h"

namespace tocsin::collectors::testing {
namespace {

class Cut final : public FrameSink {
 public:
  void frame(const Frame& frame) override {
    lines.push_back(std::string(frame_row(frame.kind).name) + '@' + std::to_string(frame.offset) + '+' +
                    std::to_string(frame.length) + (frame.complete ? "" : "?"));
    bytes.emplace_back(as_text(frame.bytes));
  }
  std::vector<std::string> lines;
  std::vector<std::string> bytes;
};
using Lines = std::vector<std::string>;

struct Talk {
  explicit Talk(Protocol protocol) { flow.protocol = protocol; }
  Talk& say(Direction direction, std::string_view bytes, std::uint64_t gap = 0, bool end = false) {
    auto& at = next[index(direction)];
    at += gap;
    cutter.add({flow, direction, at, as_bytes(bytes), gap, end, nullptr});
    at += bytes.size();
    cutter.cut(flow, cut);
    return *this;
  }
  Flow flow;
  FrameCutter cutter;
  Cut cut;
  std::array<std::uint64_t, 2> next{};
};

TEST(Frames, NamesAreFoundWithAndWithoutTheirProtocol) {
  EXPECT_EQ(find_frame("pdu", Protocol::dns), FrameKind::dns_pdu);
  EXPECT_EQ(find_frame("dns.pdu", Protocol::unknown), FrameKind::dns_pdu);
  EXPECT_EQ(find_frame("smb2.hdr", Protocol::smb), FrameKind::smb2_header);
  EXPECT_EQ(find_frame("http1.request", Protocol::http), FrameKind::http_request);
  EXPECT_EQ(find_frame("pdu", Protocol::unknown), FrameKind::none);
  EXPECT_EQ(find_frame("smtp.not_there", Protocol::smtp), FrameKind::none);
}

TEST(Frames, WaitForTheirEndHoweverTheyAreCut) {
  const std::string message = std::string("\x30\x03", 2) + "abc";
  for (std::size_t cut = 1; cut < message.size(); ++cut) {
    Talk talk(Protocol::mqtt);
    talk.say(Direction::to_server, std::string_view(message).substr(0, cut));
    EXPECT_EQ(talk.cut.lines, Lines{}) << cut;
    talk.say(Direction::to_server, std::string_view(message).substr(cut));
    EXPECT_EQ(talk.cut.lines, (Lines{"pdu@0+5", "header@0+2", "data@2+3"})) << cut;
  }
}

TEST(Frames, KeptUntilTheProtocolIsKnown) {
  Talk talk(Protocol::unknown);
  talk.say(Direction::to_server, std::string_view("\0\3abc", 5));
  EXPECT_EQ(talk.cut.lines, Lines{});
  talk.flow.protocol = Protocol::dns;
  talk.say(Direction::to_server, std::string_view("\0\1x", 3));
  EXPECT_EQ(talk.cut.lines, (Lines{"pdu@2+3", "pdu@7+1"}));
}

TEST(Frames, CommandsOfOneSmbMessage) {
  const auto command = [](std::uint8_t next, std::size_t size) {
    std::string out("\xFESMB", 4);
    out.resize(size, 'x');
    for (std::size_t i = 20; i < 24; ++i) out[i] = 0;
    out[20] = static_cast<char>(next);
    return out;
  };
  const auto both = command(72, 72) + command(0, 66);
  Talk talk(Protocol::smb);
  talk.say(Direction::to_client, std::string("\0\0\0", 3) + static_cast<char>(both.size()) + both);
  EXPECT_EQ(talk.cut.lines, (Lines{"nbss.pdu@0+142", "smb2.pdu@4+72", "smb2.hdr@4+64", "smb2.data@68+8",
                                   "smb2.pdu@76+66", "smb2.hdr@76+64", "smb2.data@140+2"}));
}

TEST(Frames, ALossInsideOfAMessageIsBridged) {
  Talk talk(Protocol::mqtt);
  talk.say(Direction::to_server, std::string("\x30\x08", 2) + "ab");
  talk.say(Direction::to_server, std::string("gh\x30\x01y", 5), 4);
  EXPECT_EQ(talk.cut.lines, (Lines{"pdu@0+10?", "header@0+2", "data@2+8?", "pdu@10+3", "header@10+2", "data@12+1"}));
  // One past its end cannot be.
  Talk other(Protocol::mqtt);
  other.say(Direction::to_server, std::string("\x30\x08", 2) + "ab");
  other.say(Direction::to_server, std::string("\x30\x01y", 3), 9);
  EXPECT_EQ(other.cut.lines, Lines{});
}

TEST(Frames, HttpMessagesWithTheirBodies) {
  Talk talk(Protocol::http);
  talk.say(Direction::to_server, "HEAD / HTTP/1.1\r\nHost: x\r\n\r\n");
  talk.say(Direction::to_client, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
  talk.say(Direction::to_client, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n");
  EXPECT_EQ(talk.cut.lines.size(), 2U);
  talk.say(Direction::to_client, "\r\n");
  ASSERT_EQ(talk.cut.lines.size(), 3U);
  EXPECT_TRUE(talk.cut.bytes[2].ends_with("abc\r\n0\r\n\r\n"));
  // As long as the connection is.
  talk.say(Direction::to_client, "HTTP/1.1 200 OK\r\n\r\nrest");
  EXPECT_EQ(talk.cut.lines.size(), 3U);
  talk.say(Direction::to_client, " of it", 0, true);
  ASSERT_EQ(talk.cut.lines.size(), 4U);
  EXPECT_TRUE(talk.cut.bytes[3].ends_with("rest of it"));
}

TEST(Frames, LinesOfSmtpAndTheMailBetweenThem) {
  Talk talk(Protocol::smtp);
  talk.say(Direction::to_server, "HELO x\r\nDATA\r\nline\r\n.\r\nBDAT 4 LAST\r\nDATAQUIT\r\n");
  EXPECT_EQ(talk.cut.lines, (Lines{"command_line@0+8", "command_line@8+6", "data@14+6", "command_line@23+13",
                                   "data@36+4", "command_line@40+6"}));
}

TEST(Frames, HugeAndBrokenOnesEnd) {
  Talk huge(Protocol::mqtt);
  huge.say(Direction::to_server, std::string("\x30\xFF\xFF\xFF\x7F", 5) + std::string(FrameCutter::frame_most, 'x'));
  ASSERT_EQ(huge.cut.lines.size(), 3U);
  EXPECT_EQ(huge.cut.lines[0], "pdu@0+268435460?");
  huge.say(Direction::to_server, std::string(1000, 'x'));
  EXPECT_EQ(huge.cut.lines.size(), 3U);
  Talk broken(Protocol::ldap);
  broken.say(Direction::to_server, "nothing of the kind");
  broken.say(Direction::to_server, std::string("\x30\x01y", 3));
  EXPECT_EQ(broken.cut.lines, Lines{});
}

TEST(Stream, UrgentByteIsLeftOutWhereAsked) {
  const auto hear = [](UrgentPolicy policy) {
    PacketOptions options;
    options.stream.urgent_policy = policy;
    Bench bench(options);
    bench.handshake();
    auto frame = tcp_frame({client, server, 1001, 5001, tcp_flag::ack | tcp_flag::psh | tcp_flag::urg, "maliXcious"});
    frame[14 + 20 + 19] = 5;  // the urgent pointer
    bench.frame(frame);
    bench.tcp({server, client, 5001, 1011, tcp_flag::ack});
    return bench.listener.to_server;
  };
  EXPECT_EQ(hear(UrgentPolicy::inline_), "maliXcious");
  EXPECT_EQ(hear(UrgentPolicy::out_of_band), "malicious");
  EXPECT_EQ(hear(UrgentPolicy::drop), "");
}

TEST(Stream, AcknowledgedBeforeSeenIsNoLossYet) {
  Bench bench;
  bench.handshake();
  bench.tcp({server, client, 5001, 1006, tcp_flag::ack});
  bench.tcp({client, server, 1001, 5001, tcp_flag::ack | tcp_flag::psh, "hello"});
  bench.tcp({server, client, 5001, 1006, tcp_flag::ack});
  EXPECT_EQ(bench.listener.to_server, "hello");
  EXPECT_EQ(bench.listener.gaps, 0U);
  // With bytes behind it, it is one.
  bench.tcp({server, client, 5001, 1011, tcp_flag::ack});
  bench.tcp({client, server, 1011, 5001, tcp_flag::ack | tcp_flag::psh, "again"});
  bench.tcp({server, client, 5001, 1016, tcp_flag::ack});
  EXPECT_EQ(bench.listener.to_server, "helloagain");
  EXPECT_EQ(bench.listener.gaps, 5U);
}

}  // namespace
}  // namespace tocsin::collectors::testing
