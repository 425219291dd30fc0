#include <gtest/gtest.h>

#include "collectors/packet/protocol/rdp/message.h"
#include "tests/unit/collectors/packet/parser_bench.h"

namespace tocsin::collectors::testing {
namespace {

std::string packet(const std::string& content) {
  const std::size_t size = content.size() + 4;
  return std::string("\3\0", 2) + static_cast<char>(size >> 8) + static_cast<char>(size & 0xFF) + content;
}
std::string connection(char code, const std::string& rest) {
  return packet(std::string(1, static_cast<char>(rest.size() + 6)) + code + std::string(5, '\0') + rest);
}

TEST(Rdp, CookieOfTheRequest) {
  ParserBench bench(Protocol::rdp);
  const auto bytes = connection('\xE0', "Cookie: mstshash=alice\r\n" + std::string("\1\1\x08\0\3\0\0\0", 8));
  for (const char byte : bytes) bench.client(std::string(1, byte));
  ASSERT_EQ(bench.records.size(), 1U);
  EXPECT_NE(bench.records[0].find("\"cookie\":\"alice\",\"flags\":[\"restricted_admin_mode_required\"]"),
            std::string::npos);
}

TEST(Rdp, AnswersAndRefusals) {
  ParserBench bench(Protocol::rdp);
  bench.server(connection('\xD0', std::string("\3\0\x08\0\5\0\0\0", 8)));
  bench.server(connection('\xD0', std::string("\2\1\x08\0\2\0\0\0", 8)));
  ASSERT_EQ(bench.records.size(), 2U);
  EXPECT_NE(bench.records[0].find("\"error_code\":5,\"reason\":\"hybrid required by server\""), std::string::npos);
  EXPECT_NE(bench.records[1].find("\"protocol\":\"hybrid\""), std::string::npos);
}

TEST(Rdp, Hostile) {
  ParserBench bench(Protocol::rdp);
  bench.client(std::string("\3\0\0\1", 4));
  EXPECT_EQ(bench.state, ParserState::failed);
  const std::string settings("\x02\xf0\x80\x7f\x65\x82\xff\xff\x04\x84\xff\xff\xff\xff", 14);
  for (std::size_t size = 0; size <= settings.size(); ++size)
    EXPECT_FALSE(parse_rdp(as_bytes(settings.substr(0, size))).has_value());
}

}  // namespace
}  // namespace tocsin::collectors::testing
