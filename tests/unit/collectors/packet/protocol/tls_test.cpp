#include <gtest/gtest.h>

#include "collectors/base/text.h"
#include "collectors/packet/protocol/tls/certificate.h"
#include "collectors/packet/protocol/tls/hello.h"
#include "tests/unit/collectors/packet/parser_bench.h"
#include "tests/unit/collectors/packet/recording.h"

namespace tocsin::collectors::testing {
namespace {

std::string sized(std::size_t width, const std::string& body) {
  std::string out;
  for (std::size_t i = width; i-- > 0;) out += static_cast<char>(body.size() >> (8 * i));
  return out + body;
}
std::string words(std::initializer_list<unsigned> numbers) {
  std::string out;
  for (const auto number : numbers) {
    out += static_cast<char>(number >> 8);
    out += static_cast<char>(number);
  }
  return out;
}
std::string extension(unsigned type, const std::string& body) { return words({type}) + sized(2, body); }

std::string client_hello_body() {
  std::string extensions =
      extension(0x2A2A, "") + extension(0, sized(2, std::string(1, '\0') + sized(2, "example.com"))) +
      extension(10, sized(2, words({0x1A1A, 29, 23}))) + extension(11, sized(1, std::string(1, '\0'))) +
      extension(16, sized(2, sized(1, "h2") + sized(1, "http/1.1"))) +
      extension(13, sized(2, words({0x0403, 0x0804}))) + extension(43, sized(1, words({0x0304, 0x0303})));
  return words({0x0303}) + std::string(32, 'r') + sized(1, "") + sized(2, words({0x0A0A, 0x1301, 0xC02F})) +
         sized(1, std::string(1, '\0')) + sized(2, extensions);
}

std::string handshake(char type, const std::string& body) { return std::string(1, type) + sized(3, body); }
std::string record(char type, const std::string& body) {
  return std::string(1, type) + std::string("\x03\x01", 2) + sized(2, body);
}

TEST(TlsHello, FingerprintsLeaveGreaseOut) {
  const auto body = client_hello_body();
  const auto hello = parse_client_hello(as_bytes(body));
  ASSERT_TRUE(hello.has_value());
  EXPECT_EQ(hello->server_name, "example.com");
  EXPECT_EQ(ja3_text(*hello), "771,4865-49199,0-10-11-16-13-43,29-23,0");
  const auto ja4 = ja4_text(*hello, Ja4Transport::tcp);
  EXPECT_EQ(ja4.substr(0, 10), "t13d0206h2");
  EXPECT_EQ(ja4.size(), 36U);
  EXPECT_TRUE(is_grease(0xFAFA));
  EXPECT_FALSE(is_grease(0xFA0A));
}

TEST(TlsHello, EveryCutIsRefusedOrRead) {
  const auto body = client_hello_body();
  for (std::size_t size = 0; size < body.size(); ++size)
    parse_client_hello(as_bytes(std::string_view(body).substr(0, size)));
  EXPECT_FALSE(parse_client_hello(as_bytes(std::string_view(body).substr(0, 60))).has_value());
}

TEST(TlsParser, HandshakeOverManySegments) {
  const std::string message = handshake(1, client_hello_body());
  Bench whole;
  whole.handshake();
  const std::string one = record(22, message);
  for (std::size_t at = 0; at < one.size(); at += 3) whole.say(Direction::to_server, one.substr(at, 3));
  EXPECT_EQ(whole.listener.text("tls.sni"), "example.com");
  const std::string server_hello = words({0x0303}) + std::string(32, 's') + sized(1, "") + words({0x1301}) +
                                   std::string(1, '\0') + sized(2, extension(43, words({0x0304})));
  whole.say(Direction::to_client, record(22, handshake(2, server_hello)));
  EXPECT_EQ(whole.listener.text("ja3s.string"), "771,4865,43");
  whole.say(Direction::to_client, record(20, "\x01") + record(23, "ciphertext"));
  whole.say(Direction::to_server, record(20, "\x01") + record(23, "ciphertext"));
  whole.say(Direction::to_server, record(23, "no longer followed"));
  whole.worker.finish();
  EXPECT_EQ(whole.listener.to_server.find("no longer"), std::string::npos);
  EXPECT_NE(whole.records.json.at(0).find("\"tls.version\":\"1.3\""), std::string::npos) << whole.records.json[0];
}

TEST(TlsParser, InsideAnHttpTunnel) {
  Bench bench;
  bench.handshake();
  bench.say(Direction::to_server, "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n");
  bench.say(Direction::to_client, "HTTP/1.1 200 Connection established\r\n\r\n");
  bench.say(Direction::to_server, record(22, handshake(1, client_hello_body())));
  EXPECT_EQ(bench.listener.text("http.method"), "CONNECT");
  EXPECT_EQ(bench.listener.text("tls.sni"), "example.com");
}

// CN=a.example, from the beginning of 2020 to that of 2021.
std::string certificate_of_2020() {
  const auto der = parse_hex(
      "3082010f3081b6020101300a06082a8648ce3d04030230143112301006035504030c09612e6578616d706c65301e170d3230"
      "303130313030303030305a170d3231303130313030303030305a30143112301006035504030c09612e6578616d706c653059"
      "301306072a8648ce3d020106082a8648ce3d0301070342000445e8647bf24ab8628451e22c8382aad67fbe8bbf03b9f3104a"
      "a4b272f5f4a7a119805a5e64a1c95082057ed8a6fae2503b221b664d6dd5755949b72a65c3129b300a06082a8648ce3d0403"
      "02034800304502201a8b7d56099c33306b8e112215ed11ca4205b21d27d955c3b0410702c23a6b39022100d0c3dbaf2c58a0"
      "38a8a7f4111ba0264a0b0434fe963e64bc9f6fc56d654ce414");
  return std::string(as_text(*der));
}

std::string hello_naming(const std::string& names) {
  return words({0x0303}) + std::string(32, 'r') + sized(1, "") + sized(2, words({0x1301})) +
         sized(1, std::string(1, '\0')) + sized(2, names);
}

TEST(TlsParser, NamesThatAreOdd) {
  const auto raised = [](const std::string& extensions, PacketEvent event) {
    ParserBench bench(Protocol::tls);
    bench.client(record(22, handshake(1, hello_naming(extensions))));
    return bench.raised(event);
  };
  const auto name = extension(0, sized(2, std::string(1, '\0') + sized(2, "a.example")));
  EXPECT_FALSE(raised(name, PacketEvent::tls_multiple_sni_extensions));
  EXPECT_TRUE(raised(name + name, PacketEvent::tls_multiple_sni_extensions));
  EXPECT_TRUE(raised(extension(0, sized(2, "\x05" + sized(2, "a"))), PacketEvent::tls_invalid_sni_type));
  EXPECT_TRUE(raised(extension(0, words({9})), PacketEvent::tls_invalid_sni_length));
}

TEST(TlsParser, VeryManyRecordsAtOnce) {
  std::string many = record(22, handshake(1, client_hello_body()));
  ParserBench bench(Protocol::tls);
  for (int i = 0; i < 255; ++i) many += record(20, "\x01");
  bench.client(many.substr(0, many.size() - 1));
  EXPECT_TRUE(bench.raised(PacketEvent::tls_too_many_records));
  ParserBench few(Protocol::tls);
  few.client(many.substr(0, many.size() - 6));
  EXPECT_FALSE(few.raised(PacketEvent::tls_too_many_records));
}

TEST(TlsParser, HeartbeatsThatWantTooMuch) {
  const auto beat = [](char type, const std::string& size, std::size_t bytes) {
    return record(24, std::string(1, type) + size + std::string(bytes, 'x'));
  };
  ParserBench good(Protocol::tls);
  good.client(record(22, handshake(1, client_hello_body())) + beat(1, words({4}), 20));
  good.server(beat(2, words({4}), 20));
  EXPECT_FALSE(good.raised(PacketEvent::tls_overflow_heartbeat));
  EXPECT_FALSE(good.raised(PacketEvent::tls_dataleak_heartbeat));
  ParserBench bad(Protocol::tls);
  bad.client(record(22, handshake(1, client_hello_body())) + beat(1, words({16'384}), 0));
  EXPECT_TRUE(bad.raised(PacketEvent::tls_overflow_heartbeat));
  bad.server(beat(2, words({4'000}), 4'000));
  EXPECT_TRUE(bad.raised(PacketEvent::tls_dataleak_heartbeat));
  ParserBench odd(Protocol::tls);
  odd.client(record(22, handshake(1, client_hello_body())) + beat(7, words({4}), 20));
  EXPECT_TRUE(odd.raised(PacketEvent::tls_invalid_heartbeat));
}

TEST(TlsParser, ACertificateThatCannotBeRead) {
  ParserBench bench(Protocol::tls);
  bench.client(record(22, handshake(1, client_hello_body())));
  bench.server(record(22, handshake(11, sized(3, sized(3, "no certificate")))));
  EXPECT_TRUE(bench.raised(PacketEvent::tls_invalid_certificate));
  EXPECT_TRUE(bench.raised(PacketEvent::tls_invalid_handshake_message));
}

TEST(TlsParser, WhenACertificateHolds) {
  const std::string server_hello =
      words({0x0303}) + std::string(32, 's') + sized(1, "") + words({0xC02B}) + std::string(1, '\0') + sized(2, "");
  ParserBench bench(Protocol::tls);
  bench.client(record(22, handshake(1, client_hello_body())));
  bench.server(record(22, handshake(2, server_hello)));
  bench.server(record(22, handshake(11, sized(3, sized(3, certificate_of_2020())))));
  EXPECT_EQ(bench.number("tls.cert_notbefore"), 1'577'836'800U);
  EXPECT_EQ(bench.number("tls.cert_notafter"), 1'609'459'200U);
  const auto certificate = parse_certificate(as_bytes(certificate_of_2020()));
  ASSERT_TRUE(certificate);
  const auto at = [&](std::int64_t second) { return standing_of(*certificate, Time{std::chrono::seconds(second)}); };
  EXPECT_EQ(at(1'577'836'799), CertificateStanding::not_yet_valid);
  EXPECT_EQ(at(1'577'836'800), CertificateStanding::valid);
  EXPECT_EQ(at(1'609'459'200), CertificateStanding::valid);
  EXPECT_EQ(at(1'609'459'201), CertificateStanding::expired);
  EXPECT_EQ(bench.number("tls.cert_standing"), static_cast<std::uint64_t>(CertificateStanding::not_yet_valid));
}

}  // namespace
}  // namespace tocsin::collectors::testing
