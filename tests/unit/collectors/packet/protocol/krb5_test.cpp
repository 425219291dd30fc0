#include <gtest/gtest.h>

#include "collectors/packet/protocol/krb5/message.h"
#include "tests/unit/collectors/packet/parser_bench.h"

namespace tocsin::collectors::testing {
namespace {

std::string item(unsigned tag, const std::string& content) {
  std::string size(1, static_cast<char>(content.size()));
  if (content.size() > 127) size = "\x81" + size;
  return std::string(1, static_cast<char>(tag)) + size + content;
}
std::string field(unsigned number, const std::string& content) { return item(0xA0 + number, content); }
std::string number(char value) { return item(0x02, std::string(1, value)); }
std::string name(const std::string& first, const std::string& second = {}) {
  return item(
      0x30, field(0, number(1)) + field(1, item(0x30, item(0x1B, first) + (second.empty() ? "" : item(0x1B, second)))));
}
std::string encrypted(char cipher) { return item(0x30, field(0, number(cipher)) + field(2, item(0x04, "secret"))); }
std::string request() {
  const auto body = item(0x30, field(0, item(0x03, std::string(5, '\0'))) + field(1, name("alice")) +
                                   field(2, item(0x1B, "EXAMPLE")) + field(3, name("krbtgt", "EXAMPLE")));
  return item(0x6A, item(0x30, field(1, number(5)) + field(2, number(10)) + field(4, body)));
}
std::string reply(char cipher) {
  const auto ticket = item(0x61, item(0x30, field(0, number(5)) + field(1, item(0x1B, "EXAMPLE")) +
                                                field(2, name("http", "web")) + field(3, encrypted(cipher))));
  return item(0x6D, item(0x30, field(0, number(5)) + field(1, number(13)) + field(3, item(0x1B, "EXAMPLE")) +
                                   field(4, name("alice")) + field(5, ticket) + field(6, encrypted(18))));
}
std::string refusal(char code) {
  return item(0x7E, item(0x30, field(0, number(5)) + field(1, number(30)) + field(6, number(code)) +
                                   field(9, item(0x1B, "EXAMPLE")) + field(10, name("krbtgt", "EXAMPLE"))));
}
std::string over_tcp(const std::string& message) {
  return std::string("\0\0\0", 3) + static_cast<char>(message.size()) + message;
}

TEST(Kerberos, RequestShowsWhoAndWhat) {
  ParserBench bench(Protocol::krb5, ip_protocol::udp);
  bench.client(request());
  EXPECT_EQ(bench.number("krb5.msg_type"), 10U);
  EXPECT_EQ(bench.text("krb5.cname"), "alice");
  ASSERT_EQ(bench.records.size(), 1U);
  EXPECT_NE(bench.records[0].find("\"sname\":\"krbtgt/EXAMPLE\",\"encryption\":\"<none>\""), std::string::npos);
}

TEST(Kerberos, WeakTickets) {
  ParserBench bench(Protocol::krb5);
  const auto message = over_tcp(reply(23));
  for (const char byte : message) bench.server(std::string(1, byte));
  EXPECT_EQ(bench.number("krb5.ticket_encryption"), 23U);
  ASSERT_EQ(bench.records.size(), 1U);
  EXPECT_NE(bench.records[0].find("\"ticket_encryption\":\"rc4-hmac\",\"ticket_weak_encryption\":true"),
            std::string::npos);
}

TEST(Kerberos, ErrorsNameTheRequest) {
  ParserBench bench(Protocol::krb5);
  bench.client(over_tcp(request()));
  bench.server(over_tcp(refusal(25)));
  ASSERT_EQ(bench.records.size(), 2U);
  EXPECT_NE(bench.records[1].find("\"failed_request\":\"KRB_AS_REQ\",\"error_code\":\"KDC_ERR_PREAUTH_REQUIRED\""),
            std::string::npos);
}

TEST(Kerberos, TruncatedAndHuge) {
  const auto whole = request();
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(parse_kerberos(as_bytes(whole.substr(0, size))).has_value());
  ParserBench bench(Protocol::krb5);
  bench.client("\x7f\xff\xff\xff\x6a");
  EXPECT_EQ(bench.state, ParserState::failed);
  EXPECT_TRUE(bench.raised(PacketEvent::krb5_malformed_data));
}

}  // namespace
}  // namespace tocsin::collectors::testing
