#include <gtest/gtest.h>

#include "collectors/packet/protocol/tftp/transaction.h"
#include "tests/unit/collectors/packet/parser_bench.h"
#include "tests/unit/collectors/packet/recording.h"

namespace tocsin::collectors::testing {
namespace {

struct Session : Bench {
  Session() {
    handshake();
    say(Direction::to_client, "+OK POP3 ready\r\n");
    exchange("USER me\r\n", "+OK\r\n");
    exchange("PASS secret\r\n", "+OK welcome\r\n");
  }
  void exchange(const std::string& client_says, const std::string& server_says) {
    say(Direction::to_server, client_says);
    say(Direction::to_client, server_says);
  }
};

TEST(Pop3Parser, MailsAreReadForTheirFiles) {
  Session session;
  session.exchange("LIST\r\n", "+OK 1\r\n1 100\r\n.\r\n");
  session.exchange("RETR 1\r\n",
                   "+OK\r\nSubject: x\r\nContent-Disposition: attachment; filename=a.txt\r\n"
                   "Content-Transfer-Encoding: base64\r\n\r\nQUJD\r\n.\r\n");
  session.exchange("QUIT\r\n", "+OK bye\r\n");
  EXPECT_EQ(session.worker.counters().transactions, 6U);  // with the welcome
  ASSERT_EQ(session.listener.files.size(), 1U);
  EXPECT_EQ(session.listener.files[0].name, "a.txt");
  EXPECT_EQ(session.listener.files[0].content, "ABC");
  EXPECT_EQ(session.listener.text("file.data"), "ABC");
  session.worker.finish();
  for (const auto& record : session.records.json) EXPECT_EQ(record.find("secret"), std::string::npos) << record;
}

TEST(Pop3Parser, LoginInSteps) {
  Session session;
  session.exchange("AUTH PLAIN\r\n", "+ \r\n");
  session.exchange("c2VjcmV0\r\n", "-ERR no\r\n");
  session.exchange("NOOP\r\n", "+OK\r\n");
  EXPECT_EQ(session.worker.counters().transactions, 6U);
  session.worker.finish();
  EXPECT_NE(session.records.json[4].find("<SASL DATA>"), std::string::npos) << session.records.json[4];
}

TEST(Pop3Parser, CommandsThatAreOdd) {
  const auto raised = [](const std::string& command, PacketEvent event) {
    ParserBench bench(Protocol::pop3);
    bench.server("+OK ready\r\n");
    bench.client(command + "\r\n");
    bench.server("-ERR\r\n");
    return bench.raised(event);
  };
  EXPECT_TRUE(raised("XYZZY", PacketEvent::pop3_unknown_command));
  EXPECT_FALSE(raised("retr 1", PacketEvent::pop3_unknown_command));
  EXPECT_FALSE(raised("RETR 1", PacketEvent::pop3_incorrect_argument_count));
  EXPECT_TRUE(raised("RETR", PacketEvent::pop3_incorrect_argument_count));
  EXPECT_TRUE(raised("NOOP a", PacketEvent::pop3_incorrect_argument_count));
  EXPECT_TRUE(raised("USER " + std::string(300, 'a'), PacketEvent::pop3_request_too_long));
}

TEST(Tftp, Requests) {
  const std::string request("\0\1boot.img\0OCTET\0blksize\0", 24);
  const auto parsed = parse_tftp_request(as_bytes(request));
  ASSERT_TRUE(parsed.has_value());
  EXPECT_FALSE(parsed->write);
  EXPECT_EQ(parsed->file, "boot.img");
  EXPECT_EQ(parsed->mode, "octet");
  for (std::size_t size = 0; size < 17; ++size)
    EXPECT_FALSE(parse_tftp_request(as_bytes(std::string_view(request).substr(0, size))).has_value()) << size;
  EXPECT_FALSE(parse_tftp_request(as_bytes(std::string("\0\3\0\1data", 8))).has_value());
}

TEST(Detection, ImapAndTelnet) {
  Bench imap;
  imap.handshake();
  imap.say(Direction::to_client, "* OK ready\r\n");
  imap.say(Direction::to_server, "a1 LOGIN x y\r\n");
  imap.worker.finish();
  EXPECT_NE(imap.records.json.back().find("\"network.protocol\":\"imap\""), std::string::npos);
  Bench telnet;
  telnet.handshake();
  telnet.say(Direction::to_client, "\xFF\xFD\x18\xFF\xFD\x20");
  telnet.worker.finish();
  EXPECT_NE(telnet.records.json.back().find("\"network.protocol\":\"telnet\""), std::string::npos);
}

}  // namespace
}  // namespace tocsin::collectors::testing
