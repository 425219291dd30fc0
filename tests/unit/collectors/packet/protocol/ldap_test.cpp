#include <gtest/gtest.h>

#include "collectors/packet/protocol/ldap/message.h"
#include "tests/unit/collectors/packet/parser_bench.h"

namespace tocsin::collectors::testing {
namespace {

std::string item(unsigned tag, const std::string& content) {
  return std::string(1, static_cast<char>(tag)) + static_cast<char>(content.size()) + content;
}
std::string number(unsigned tag, char value) { return item(tag, std::string(1, value)); }
std::string message(char id, unsigned operation, const std::string& content) {
  return item(0x30, number(0x02, id) + item(operation, content));
}
std::string outcome(char code, const std::string& text) {
  return number(0x0A, code) + item(0x04, "") + item(0x04, text);
}
std::string search(const std::string& base) {
  return item(0x04, base) + number(0x0A, 2) + number(0x0A, 0) + number(0x02, 10) + number(0x02, 5) + number(0x01, 0) +
         item(0x87, "objectClass") + item(0x30, item(0x04, "cn"));
}

TEST(Ldap, SearchAndItsAnswersAreOne) {
  ParserBench bench(Protocol::ldap);
  bench.client(message(2, 0x63, search("dc=example")));
  EXPECT_EQ(bench.text("ldap.request.dn"), "dc=example");
  EXPECT_EQ(bench.text("ldap.request.attribute_type"), "cn");
  EXPECT_EQ(bench.number("ldap.request.operation"), 3U);
  EXPECT_TRUE(bench.records.empty());
  const auto entry = item(0x04, "cn=x") + item(0x30, item(0x30, item(0x04, "cn") + item(0x31, item(0x04, "x"))));
  bench.server(message(2, 0x64, entry) + message(2, 0x65, outcome(0, "fine")));
  EXPECT_EQ(bench.number("ldap.responses.count"), 2U);
  ASSERT_EQ(bench.records.size(), 1U);
  EXPECT_NE(bench.records[0].find("\"search_result_entry\":{\"base_object\":\"cn=x\""), std::string::npos);
  EXPECT_NE(bench.records[0].find("\"result_code\":\"success\""), std::string::npos);
}

TEST(Ldap, EncryptionBeginsAnew) {
  ParserBench bench(Protocol::ldap);
  bench.client(message(1, 0x77, item(0x80, "1.3.6.1.4.1.1466.20037")));
  EXPECT_EQ(bench.state, ParserState::more);
  bench.server(message(1, 0x78, outcome(0, "")));
  EXPECT_EQ(bench.state, ParserState::restart);
}

TEST(Ldap, RefusedEncryptionGoesOn) {
  ParserBench bench(Protocol::ldap);
  bench.client(message(1, 0x77, item(0x80, "1.3.6.1.4.1.1466.20037")));
  bench.server(message(1, 0x78, outcome(2, "no")));
  EXPECT_EQ(bench.state, ParserState::more);
}

TEST(Ldap, PasswordsAreNotShown) {
  ParserBench bench(Protocol::ldap);
  bench.client(message(1, 0x60, number(0x02, 3) + item(0x04, "cn=admin") + item(0x80, "hunter2")));
  bench.server(message(1, 0x61, outcome(49, "")));
  ASSERT_EQ(bench.records.size(), 1U);
  EXPECT_EQ(bench.records[0].find("hunter2"), std::string::npos);
  EXPECT_NE(bench.records[0].find("invalid_credentials"), std::string::npos);
}

TEST(Ldap, AnswersThatNobodyAskedFor) {
  ParserBench bench(Protocol::ldap);
  bench.server(message(0, 0x78, outcome(52, "going away")));
  EXPECT_FALSE(bench.raised(PacketEvent::ldap_request_not_found));
  bench.server(message(9, 0x65, outcome(0, "")));
  EXPECT_TRUE(bench.raised(PacketEvent::ldap_request_not_found));
  EXPECT_EQ(bench.records.size(), 2U);
}

TEST(Ldap, ByteByByte) {
  ParserBench bench(Protocol::ldap);
  for (const char byte : message(2, 0x63, search("dc=example"))) bench.client(std::string(1, byte));
  EXPECT_EQ(bench.text("ldap.request.dn"), "dc=example");
}

TEST(Ldap, HostileLengthsAndNesting) {
  ParserBench bench(Protocol::ldap);
  bench.client("\x30\x84\x7f\xff\xff\xff\x02\x01\x01");
  EXPECT_EQ(bench.state, ParserState::failed);
  EXPECT_TRUE(bench.raised(PacketEvent::ldap_invalid_data));
  const auto whole = message(2, 0x63, search("dc=example"));
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(parse_ldap(as_bytes(whole.substr(0, size))).has_value());
  ParserBench many(Protocol::ldap);
  for (int i = 0; i < 400; ++i) many.client(message(static_cast<char>(i % 100), 0x63, search("x")));
  EXPECT_TRUE(many.raised(PacketEvent::ldap_too_many_transactions));
  many.finish();
  EXPECT_EQ(many.records.size(), 400U);
}

}  // namespace
}  // namespace tocsin::collectors::testing
