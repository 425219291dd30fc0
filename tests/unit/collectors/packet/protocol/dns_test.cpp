#include <gtest/gtest.h>

#include "collectors/packet/protocol/dns/message.h"
#include "tests/unit/collectors/packet/recording.h"

namespace tocsin::collectors::testing {
namespace {

std::string header(std::uint16_t flags, std::uint8_t questions, std::uint8_t answers) {
  std::string out("\x12\x34", 2);
  out += static_cast<char>(flags >> 8);
  out += static_cast<char>(flags);
  out += '\0';
  out += static_cast<char>(questions);
  out += '\0';
  out += static_cast<char>(answers);
  return out + std::string(4, '\0');
}
const std::string a_in("\x00\x01\x00\x01", 4);

TEST(DnsMessage, PointersThatLoopEnd) {
  const auto bytes = header(0x0100, 1, 0) + std::string("\xc0\x0c", 2) + a_in;
  const auto message = parse_dns(as_bytes(bytes));
  ASSERT_TRUE(message.has_value());
  EXPECT_TRUE(message->faults.infinite_loop);
}

TEST(DnsMessage, LongNamesAreCutAndSaid) {
  std::string name;
  for (int i = 0; i < 40; ++i) name += '\x3f' + std::string(63, 'a');
  const auto bytes = header(0x0100, 1, 0) + name + '\0' + a_in;
  const auto message = parse_dns(as_bytes(bytes));
  ASSERT_TRUE(message.has_value());
  EXPECT_TRUE(message->faults.name_too_long);
  EXPECT_LE(message->questions.at(0).name.size(), 1'025U);
  EXPECT_EQ(message->questions.at(0).type, 1);
}

TEST(DnsMessage, ManyNamesByPointerCostLittle) {
  // The classic blow-up: a long name once, thousands of pointers to it.
  std::string bytes = header(0x8180, 1, 255);
  for (int i = 0; i < 16; ++i) bytes += '\x0f' + std::string(15, 'a');
  bytes += '\0' + a_in;
  for (int i = 0; i < 255; ++i) bytes += std::string("\xc0\x0c\x00\x05\x00\x01\x00\x00\x00\x00\x00\x02\xc0\x0c", 14);
  const auto message = parse_dns(as_bytes(bytes));
  ASSERT_TRUE(message.has_value());
  EXPECT_EQ(message->answers.size(), 255U);
  EXPECT_EQ(message->answers.back().data, message->questions[0].name);
}

TEST(DnsMessage, EveryCutIsSurvived) {
  const auto whole = header(0x8180, 1, 1) +
                     std::string(
                         "\x03www\x07"
                         "example\x03"
                         "com\x00",
                         17) +
                     a_in + std::string("\xc0\x0c\x00\x10\x00\x01\x00\x00\x00\x3c\x00\x06\x05hello", 18);
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    const auto message = parse_dns(as_bytes(std::string_view(whole).substr(0, size)));
    EXPECT_EQ(message.has_value(), size >= 12);
  }
  EXPECT_EQ(parse_dns(as_bytes(whole))->answers.at(0).data, "hello");
}

TEST(DnsDetection, OffItsPortOnlyWholeMessagesCount) {
  const auto query = header(0x0100, 1, 0) +
                     std::string(
                         "\x03www\x07"
                         "example\x03"
                         "com\x00",
                         17) +
                     a_in;
  Bench bench;
  bench.frame(udp_frame(client, {server.address, 9999}, query));
  EXPECT_EQ(bench.listener.text("dns.query"), "www.example.com");
  Bench other;
  other.frame(udp_frame(client, {server.address, 9999}, query + "trailing"));
  other.frame(udp_frame(client, {server.address, 9998}, std::string(40, 'x')));
  EXPECT_EQ(other.listener.text("dns.query"), "<none>");
}

TEST(DnsOverTcp, MessagesInPieces) {
  const auto query = header(0x0100, 1, 0) +
                     std::string(
                         "\x03www\x07"
                         "example\x03"
                         "com\x00",
                         17) +
                     a_in;
  std::string framed;
  framed += '\0';
  framed += static_cast<char>(query.size());
  framed += query;
  const std::string two = framed + framed;
  Bench bench;
  const Endpoint resolver{server.address, 53};
  bench.tcp({client, resolver, 1000, 0, tcp_flag::syn});
  bench.tcp({resolver, client, 5000, 1001, tcp_flag::syn | tcp_flag::ack});
  bench.tcp({client, resolver, 1001, 5001, tcp_flag::ack});
  std::uint32_t next = 1001;
  for (std::size_t at = 0; at < two.size(); at += 5) {
    const auto piece = std::string_view(two).substr(at, 5);
    bench.tcp({client, resolver, next, 5001, tcp_flag::ack, piece});
    next += static_cast<std::uint32_t>(piece.size());
    bench.tcp({resolver, client, 5001, next, tcp_flag::ack});
  }
  EXPECT_EQ(bench.worker.counters().transactions, 2U);
}

}  // namespace
}  // namespace tocsin::collectors::testing
