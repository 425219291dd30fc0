#include <gtest/gtest.h>

#include "collectors/packet/protocol/ssh/message.h"
#include "tests/unit/collectors/packet/recording.h"

namespace tocsin::collectors::testing {
namespace {

std::string number32(std::size_t number) {
  std::string out;
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(number >> shift);
  return out;
}
std::string list(const std::string& names) { return number32(names.size()) + names; }

std::string packet(char type, const std::string& body) {
  return number32(body.size() + 2 + 4) + std::string(1, '\4') + type + body + "pad!";
}
std::string algorithms(const std::string& key_exchange) {
  return packet(20, std::string(16, 'c') + list(key_exchange) + list("host") + list("up-cipher") + list("down-cipher") +
                        list("up-mac") + list("down-mac") + list("up-zip") + list("down-zip") + list("") + list("") +
                        std::string(5, '\0'));
}

TEST(SshMessage, VersionLines) {
  const auto banner = parse_ssh_banner("SSH-1.99-OpenSSH_3.1p1 with a comment");
  ASSERT_TRUE(banner.has_value());
  EXPECT_EQ(banner->protocol, "1.99");
  EXPECT_EQ(banner->software, "OpenSSH_3.1p1");
  EXPECT_TRUE(parse_ssh_banner("SSH-2.0-").has_value());
  EXPECT_FALSE(parse_ssh_banner("SSH--x").has_value());
  EXPECT_FALSE(parse_ssh_banner("SSH-2.0").has_value());
  EXPECT_FALSE(parse_ssh_banner("ssh-2.0-x").has_value());
}

TEST(SshParser, FingerprintsOverManySegments) {
  for (const std::size_t step : {1U, 7U, 4'000U}) {
    Bench bench;
    bench.handshake();
    const std::string client_says = "SSH-2.0-client\r\n" + algorithms("kex-a,kex-b");
    for (std::size_t at = 0; at < client_says.size(); at += step)
      bench.say(Direction::to_server, client_says.substr(at, step));
    bench.say(Direction::to_client, "SSH-2.0-server\n" + algorithms("kex-c"));
    EXPECT_EQ(bench.listener.text("ssh.hassh.string"), "kex-a,kex-b;up-cipher;up-mac;up-zip") << step;
    EXPECT_EQ(bench.listener.text("ssh.hassh.server.string"), "kex-c;down-cipher;down-mac;down-zip");
    EXPECT_EQ(bench.listener.text("ssh.hassh").size(), 32U);
    EXPECT_EQ(bench.listener.text("ssh.software"), "server");
    bench.say(Direction::to_server, packet(21, "") + "ciphertext");
    bench.say(Direction::to_client, packet(21, "") + "ciphertext");
    bench.say(Direction::to_server, "no longer followed");
    bench.worker.finish();
    EXPECT_EQ(bench.listener.to_server.find("no longer"), std::string::npos);
    ASSERT_FALSE(bench.records.json.empty());
    EXPECT_NE(bench.records.json[0].find("\"ssh.client.software_version\":\"client\""), std::string::npos)
        << bench.records.json[0];
  }
}

TEST(SshParser, LongVersionLineIsCutAndSaid) {
  Bench bench;
  bench.handshake();
  bench.say(Direction::to_server, "SSH-2.0-" + std::string(400, 'x') + "\r\n" + algorithms("kex"));
  EXPECT_EQ(bench.listener.text("ssh.software").size(), 248U);
  EXPECT_EQ(bench.listener.text("ssh.hassh.string"), "kex;up-cipher;up-mac;up-zip");
}

TEST(SshParser, AnsweringSideAlone) {
  Bench bench;
  bench.handshake();
  bench.say(Direction::to_client, "SSH-1.99-Cisco-1.25\n");
  EXPECT_EQ(bench.listener.text("ssh.proto"), "1.99");
  bench.say(Direction::to_client, number32(1) + "xx");
  bench.worker.finish();
  EXPECT_EQ(bench.worker.counters().parser_failed, 1U);
}

}  // namespace
}  // namespace tocsin::collectors::testing
