#include <gtest/gtest.h>

#include "collectors/packet/protocol/ftp/address.h"
#include "tests/unit/collectors/packet/recording.h"

namespace tocsin::collectors::testing {
namespace {

TEST(FtpAddress, Port) {
  const auto plain = parse_ftp_port("10,0,0,1,234,10");
  ASSERT_TRUE(plain.has_value());
  EXPECT_EQ(plain->port, 234 * 256 + 10);
  EXPECT_EQ(plain->address, IpAddress::v4(0x0A000001));
  EXPECT_EQ(parse_ftp_port("Entering Passive Mode (10,0,0,2,4,1).")->port, 1'025);
  EXPECT_FALSE(parse_ftp_port("1,2,3,4,5").has_value());
  EXPECT_FALSE(parse_ftp_port("1,2,3,4,5,256").has_value());
  EXPECT_FALSE(parse_ftp_port("").has_value());
}

TEST(FtpAddress, ExtendedPort) {
  EXPECT_EQ(parse_ftp_extended_port("|1|132.235.1.2|6275|")->port, 6'275);
  EXPECT_EQ(parse_ftp_extended_port("|2|1080::8:800:200C:417A|5282|")->port, 5'282);
  EXPECT_EQ(parse_ftp_extended_port("Entering Extended Passive Mode (|||58612|)")->port, 58'612);
  EXPECT_FALSE(parse_ftp_extended_port("|1|132.235.1.2|0|").has_value());
  EXPECT_FALSE(parse_ftp_extended_port("|1|132.235.1.2").has_value());
}

struct Session : Bench {
  Session() {
    handshake();
    say(Direction::to_client, "220 (vsFTPd 3.0.3)\r\n");
    exchange("USER anonymous\r\n", "331 Please specify the password.\r\n");
    exchange("PASS secret\r\n", "230-Welcome\r\n and more\r\n230 Login successful.\r\n");
  }
  void exchange(const std::string& client_says, const std::string& server_says) {
    say(Direction::to_server, client_says);
    say(Direction::to_client, server_says);
  }
  // A connection of its own, on which `from` sends all of `content`.
  void data_channel(Endpoint opener, Endpoint listening, Endpoint from, const std::string& content) {
    const Endpoint to = from.port == opener.port ? listening : opener;
    tcp({opener, listening, 100, 0, tcp_flag::syn});
    tcp({listening, opener, 700, 101, tcp_flag::syn | tcp_flag::ack});
    tcp({opener, listening, 101, 701, tcp_flag::ack});
    const std::uint32_t mine = from.port == opener.port ? 101 : 701;
    const std::uint32_t other = from.port == opener.port ? 701 : 101;
    const auto end = mine + static_cast<std::uint32_t>(content.size());
    tcp({from, to, mine, other, tcp_flag::ack | tcp_flag::psh, content});
    tcp({from, to, end, other, tcp_flag::ack | tcp_flag::fin});
    tcp({to, from, other, end + 1, tcp_flag::ack | tcp_flag::fin});
    tcp({from, to, end + 1, other + 1, tcp_flag::ack});
  }
};

TEST(FtpParser, CommandsAndAnswers) {
  Session session;
  EXPECT_EQ(session.listener.text("ftp.command"), "PASS");
  EXPECT_EQ(session.listener.text("ftp.command_data"), "secret");
  EXPECT_EQ(session.listener.text("ftp.reply"), "Login successful.");
  EXPECT_EQ(session.listener.text("ftp.completion_code"), "230");
  EXPECT_EQ(session.worker.counters().transactions, 3U);  // with the welcome
  session.worker.finish();
  for (const auto& record : session.records.json) EXPECT_EQ(record.find("secret"), std::string::npos) << record;
}

TEST(FtpParser, ActiveDownloadGoesToTheClient) {
  Session session;
  session.exchange("PORT 10,0,0,1,200,10\r\n", "200 OK\r\n");
  session.exchange("RETR pub/file.txt\r\n", "150 here it comes\r\n");
  session.data_channel({server.address, 20}, {client.address, 51'210}, {server.address, 20}, "GET / HTTP/1.1\r\n\r\n");
  session.say(Direction::to_client, "226 done\r\n");
  ASSERT_EQ(session.listener.files.size(), 1U);
  EXPECT_EQ(session.listener.files[0].name, "pub/file.txt");
  EXPECT_EQ(session.listener.files[0].content, "GET / HTTP/1.1\r\n\r\n");
  EXPECT_TRUE(session.listener.files[0].ended);
  EXPECT_FALSE(session.listener.files[0].truncated);
}

TEST(FtpParser, PassiveUpload) {
  Session session;
  session.exchange("EPSV\r\n", "229 Entering Extended Passive Mode (|||50000|)\r\n");
  session.exchange("STOR up.bin\r\n", "150 go\r\n");
  session.data_channel({client.address, 40'001}, {server.address, 50'000}, {client.address, 40'001}, "content");
  ASSERT_EQ(session.listener.files.size(), 1U);
  EXPECT_EQ(session.listener.files[0].content, "content");
  EXPECT_EQ(session.listener.text("file.name"), "up.bin");
}

TEST(FtpParser, DirectoriesAreNoFiles) {
  Session session;
  session.exchange("PASV\r\n", "227 Entering Passive Mode (10,0,0,2,200,10).\r\n");
  session.exchange("LIST\r\n", "150 go\r\n");
  session.data_channel({client.address, 40'001}, {server.address, 51'210}, {server.address, 51'210}, "total 0\r\n");
  EXPECT_TRUE(session.listener.files.empty());
}

TEST(FtpParser, TooManyUnanswered) {
  PacketOptions options;
  options.ftp.transactions_most = 2;
  Bench bench(options);
  bench.handshake();
  bench.say(Direction::to_server, "USER a\r\nPASS b\r\nNOOP\r\nNOOP\r\n");
  bench.worker.finish();
  EXPECT_EQ(bench.worker.counters().transactions, 2U);
}

}  // namespace
}  // namespace tocsin::collectors::testing
