#include <gtest/gtest.h>

#include "collectors/packet/protocol/quic/parser.h"
#include "tests/unit/collectors/packet/parser_bench.h"

namespace tocsin::collectors::testing {
namespace {

std::string hex(std::string_view digits) {
  std::string out;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
    out += static_cast<char>(std::stoi(std::string(digits.substr(i, 2)), nullptr, 16));
  return out;
}

// RFC 9001, appendix A.1 and A.3; RFC 9369, appendix A.1.
TEST(Quic, Keys) {
  const auto connection = hex("8394c8f03e515708");
  const auto keys = make_quic_keys(quic_version::v1, as_bytes(connection));
  ASSERT_TRUE(keys);
  EXPECT_EQ(as_text(Bytes(keys->client.key)), hex("1f369613dd76d5467730efcbe3b1a22d"));
  EXPECT_EQ(as_text(Bytes(keys->client.header)), hex("9f50449e04a0e810283a1e9933adedd2"));
  EXPECT_EQ(as_text(Bytes(keys->server.vector)), hex("0ac1493ca1905853b0bba03e"));
  const auto second = make_quic_keys(quic_version::v2, as_bytes(connection));
  ASSERT_TRUE(second);
  EXPECT_EQ(as_text(Bytes(second->client.key)), hex("8b1a0bc121284290a29e0971b5cd045d"));
}

// RFC 9001, appendix A.3: the server's Initial.
const char* const server_initial =
    "cf000000010008f067a5502a4262b5004075c0d95a482cd0991cd25b0aac406a5816b6394100f37a1c69797554780bb38cc5a99f5ede4cf73c"
    "3ec2493a1839b3dbcba3f6ea46c5b7684df3548e7ddeb9c3bf9c73cc3f3bded74b562bfb19fb84022f8ef4cdd93795d77d06edbb7aaf2f5889"
    "1850abbdca3d20398c276456cbc42158407dd074ee";

TEST(Quic, ServerInitial) {
  const auto packet = hex(server_initial);
  const auto header = parse_quic_header(as_bytes(packet));
  ASSERT_TRUE(header);
  EXPECT_EQ(header->total(), packet.size());
  const auto connection = hex("8394c8f03e515708");
  const auto keys = make_quic_keys(quic_version::v1, as_bytes(connection));
  const auto plain = decrypt_quic(keys->server, as_bytes(packet), *header);
  ASSERT_TRUE(plain);
  const auto frames = parse_quic_frames(*plain);
  EXPECT_FALSE(frames.wrong);
  ASSERT_EQ(frames.crypto.size(), 1U);
  EXPECT_EQ(frames.crypto[0].bytes[0], 2);  // server hello
  EXPECT_FALSE(decrypt_quic(keys->client, as_bytes(packet), *header));
}

TEST(Quic, PiecesComeInAnyOrder) {
  QuicStream stream;
  const std::string text = "abcdefghij";
  EXPECT_TRUE(stream.add({6, as_bytes(text).subspan(6)}, 100));
  EXPECT_TRUE(stream.add({2, as_bytes(text).subspan(2, 5)}, 100));
  EXPECT_TRUE(stream.whole().empty());
  EXPECT_TRUE(stream.add({0, as_bytes(text).first(3)}, 100));
  EXPECT_EQ(as_text(stream.whole()), text);
  EXPECT_FALSE(stream.add({95, as_bytes(text)}, 100));
}

TEST(Quic, AnythingIsSurvived) { feed_anything(Protocol::quic, hex(server_initial), ip_protocol::udp); }

}  // namespace
}  // namespace tocsin::collectors::testing
