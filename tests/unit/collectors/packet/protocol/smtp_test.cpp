#include <random>

#include <gtest/gtest.h>

#include "collectors/packet/protocol/smtp/mime_decode.h"
#include "tests/unit/collectors/packet/recording.h"

namespace tocsin::collectors::testing {
namespace {

TEST(MimeDecode, Base64InPieces) {
  Base64Reader reader;
  std::string out;
  EXPECT_TRUE(reader.decode("SGVsb", out));
  EXPECT_TRUE(reader.decode("G8gd29ybGQ=", out));
  EXPECT_EQ(out, "Hello world");
  EXPECT_FALSE(reader.decode("NA=*", out));
  EXPECT_TRUE(reader.decode("=", out));
  EXPECT_EQ(out, "Hello world4");
}

// Whole lines are decoded by groups, single characters one by one: both give the same.
TEST(MimeDecode, Base64IsTheSameInPiecesOfAnyLength) {
  constexpr std::string_view characters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  constexpr std::string_view others = "=\r\n *\xFF";
  std::minstd_rand random(4);
  for (int round = 0; round < 300; ++round) {
    std::string text;
    for (std::size_t i = random() % 400; i != 0; --i)
      text += random() % 40 == 0 ? others[random() % others.size()] : characters[random() % characters.size()];
    Base64Reader whole, single;
    std::string by_groups, by_characters;
    bool valid = true;
    const bool whole_valid = whole.decode(text, by_groups);
    for (const char c : text) valid &= single.decode({&c, 1}, by_characters);
    whole.finish(by_groups);
    single.finish(by_characters);
    EXPECT_EQ(by_characters, by_groups) << text;
    EXPECT_EQ(valid, whole_valid) << text;
  }
}

TEST(MimeDecode, QuotedPrintable) {
  std::string out;
  EXPECT_TRUE(decode_quoted_printable("a=3Db=", out).soft);
  EXPECT_EQ(out, "a=b");
  EXPECT_FALSE(decode_quoted_printable("=zz", out).valid);
}

TEST(MimeDecode, Parameters) {
  EXPECT_EQ(mail_parameter("attachment; filename=\"a;b \\\"c\\\".txt\"; size=1", "filename"), "a;b \"c\".txt");
  EXPECT_EQ(mail_parameter("x; FileName = plain.txt", "filename"), "plain.txt");
  EXPECT_EQ(mail_parameter("x; filename*1=two; filename*0=\"one-\"", "filename"), "one-two");
  EXPECT_EQ(mail_parameter("x; filename*=utf-8''a%20b", "filename"), "a b");
  EXPECT_EQ(mail_parameter("x; names=a", "name"), std::nullopt);
}

struct Session : Bench {
  explicit Session(PacketOptions options = {}) : Bench(std::move(options)) {
    handshake();
    say(Direction::to_client, "220 mail.example.com ESMTP\r\n");
    say(Direction::to_server, "EHLO client.example.com\r\n");
    say(Direction::to_client, "250-mail.example.com\r\n250 OK\r\n");
  }
  void envelope(const std::string& from = "a@example.com") {
    exchange("MAIL FROM:<" + from + "> SIZE=100\r\n", "250 OK\r\n");
    exchange("RCPT TO: <b@example.com>\r\n", "250 OK\r\n");
    exchange("RCPT TO:<c@example.com>\r\n", "250 OK\r\n");
  }
  void exchange(const std::string& client, const std::string& server) {
    say(Direction::to_server, client);
    say(Direction::to_client, server);
  }
  std::size_t transactions() const { return static_cast<std::size_t>(worker.counters().transactions); }
};

constexpr auto message =
    "From: Eve <e@example.com>\r\nTo: b@example.com, c@example.com\r\nSubject: one\r\n\ttwo\r\n"
    "Content-Type: multipart/mixed; boundary=outer\r\n\r\npreamble\r\n"
    "--outer\r\nContent-Type: text/plain\r\n\r\nSee http://example.org/x?y now\r\n..dot\r\n"
    "--outer\r\nContent-Type: multipart/alternative; boundary=\"outer2\"\r\n\r\n"
    "--outer2\r\nContent-Disposition: attachment; filename=in.txt\r\n\r\nline 1\r\nline 2\r\n"
    "--outer2--\r\n"
    "--outer\r\nContent-Type: application/x; name=b.bin\r\nContent-Transfer-Encoding: base64\r\n\r\nQUJD\r\nREVG\r\n"
    "--outer--\r\nepilogue\r\n.\r\n";

void expect_message(const Session& session) {
  const auto& seen = session.listener;
  EXPECT_EQ(seen.text("smtp.helo"), "client.example.com");
  EXPECT_EQ(seen.text("smtp.mail_from"), "<a@example.com>");
  EXPECT_EQ(seen.text("smtp.rcpt_to"), "<c@example.com>");
  EXPECT_EQ(seen.text("email.from"), "Eve <e@example.com>");
  EXPECT_EQ(seen.text("email.subject"), "onetwo");
  EXPECT_EQ(seen.text("email.url"), "example.org/x?y");
  ASSERT_EQ(seen.files.size(), 2U);
  EXPECT_EQ(seen.files[0].name, "in.txt");
  EXPECT_EQ(seen.files[0].content, "line 1\r\nline 2");
  EXPECT_EQ(seen.files[1].name, "b.bin");
  EXPECT_EQ(seen.files[1].content, "ABCDEF");
  EXPECT_TRUE(seen.files[1].ended);
  EXPECT_FALSE(seen.files[1].truncated);
}

TEST(SmtpParser, MailWithNestedPartsHoweverItIsCut) {
  for (const std::size_t step : {1U, 13U, 10'000U}) {
    Session session;
    session.envelope();
    session.exchange("DATA\r\n", "354 go ahead\r\n");
    const std::string text = message;
    for (std::size_t at = 0; at < text.size(); at += step) session.say(Direction::to_server, text.substr(at, step));
    EXPECT_EQ(session.transactions(), 0U);  // the server has not agreed yet
    session.say(Direction::to_client, "250 queued\r\n");
    EXPECT_EQ(session.transactions(), 1U);
    session.exchange("QUIT\r\n", "221 bye\r\n");
    session.worker.finish();
    EXPECT_EQ(session.transactions(), 1U);
    expect_message(session);
  }
}

TEST(SmtpParser, ChunksAreCountedInBytes) {
  Session session;
  session.envelope();
  std::string text = message;
  text.resize(text.size() - 3);  // no dot, and none doubled
  text.erase(text.find("..dot"), 1);
  const std::string first = text.substr(0, 100);
  const std::string rest = text.substr(100);
  session.say(Direction::to_server, "BDAT 100\r\n" + first + "BDAT " + std::to_string(rest.size()) + " LAST\r\n" +
                                        rest + "MAIL FROM:<next@example.com>\r\n");
  session.say(Direction::to_client, "250 100 octets\r\n250 queued\r\n250 OK\r\n");
  EXPECT_EQ(session.transactions(), 1U);
  EXPECT_EQ(session.listener.text("smtp.mail_from"), "<next@example.com>");
  ASSERT_EQ(session.listener.files.size(), 2U);
  EXPECT_EQ(session.listener.files[1].content, "ABCDEF");
}

TEST(SmtpParser, RefusedDataIsNoMail) {
  Session session;
  session.envelope();
  session.exchange("DATA\r\n", "554 no\r\n");
  session.exchange("RSET\r\n", "250 OK\r\n");
  EXPECT_EQ(session.transactions(), 1U);
  session.envelope("x@example.com");
  EXPECT_EQ(session.listener.text("smtp.mail_from"), "<x@example.com>");
}

TEST(SmtpParser, GreetingInTheMiddleEndsTheMailOnceAgreed) {
  Session session;
  session.exchange("MAIL FROM:<a@example.com>\r\n", "250 OK\r\n");
  session.exchange("EHLO again\r\n", "550 no\r\n");
  EXPECT_EQ(session.transactions(), 0U);
  session.exchange("EHLO again\r\n", "250 OK\r\n");
  EXPECT_EQ(session.transactions(), 1U);
}

TEST(SmtpParser, TlsFollowsStartTls) {
  Session session;
  session.exchange("STARTTLS\r\n", "220 ready\r\n");
  EXPECT_EQ(session.transactions(), 1U);
  session.say(Direction::to_server, std::string("\x16\x03\x01\x00\x2a\x01\x00\x00\x26\x03\x03", 11) +
                                        std::string(32, 'r') + std::string("\x00\x00\x02\x13\x01\x01\x00", 7));
  session.worker.finish();
  EXPECT_NE(session.records.json.back().find("\"network.protocol\":\"tls\""), std::string::npos)
      << session.records.json.back();
}

TEST(SmtpParser, ClientSideAlone) {
  Bench bench;
  bench.handshake();
  bench.say(Direction::to_server, "HELO one\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n");
  bench.say(Direction::to_server, message);
  EXPECT_EQ(bench.worker.counters().transactions, 1U);
  EXPECT_EQ(bench.listener.files.size(), 2U);
}

TEST(SmtpParser, EmptyChunkOfAClientAlone) {
  Bench bench;
  bench.handshake();
  bench.say(Direction::to_server, "HELO one\r\nMAIL FROM:<a@example.com>\r\nBDAT 0 LAST\r\nRSET\r\n");
  EXPECT_EQ(bench.worker.counters().transactions, 1U);
}

TEST(SmtpParser, RawExtraction) {
  PacketOptions options;
  options.smtp.raw_extraction = true;
  Session session(options);
  session.envelope();
  session.exchange("DATA\r\n", "354 go\r\n");
  session.exchange("Subject: x\r\n\r\n..y\r\n.\r\n", "250 OK\r\n");
  ASSERT_EQ(session.listener.files.size(), 1U);
  EXPECT_EQ(session.listener.files[0].content, "Subject: x\r\n\r\n.y\r\n");
}

}  // namespace
}  // namespace tocsin::collectors::testing
