#include <gtest/gtest.h>

#include "collectors/packet/protocol/enip/parser.h"
#include "tests/unit/collectors/packet/parser_bench.h"

namespace tocsin::collectors::testing {
namespace {

std::string message(unsigned command, const std::string& data) {
  return std::string{static_cast<char>(command), '\0', static_cast<char>(data.size()), '\0'} + std::string(20, '\0') +
         data;
}
const std::string identity = std::string("\1\0\x0c\0\x26\0\1\0", 8) + std::string(16, '\0') +
                             std::string("\1\0\x0c\0\x3a\0\4\3\0\0\1\2\3\4\4name\3", 20);

TEST(Enip, Identity) {
  ParserBench bench(Protocol::enip);
  bench.client(message(0x63, ""));
  const auto answer = message(0x63, identity);
  for (const char c : answer) bench.server(std::string(1, c));
  ASSERT_EQ(bench.records.size(), 1U);
  EXPECT_EQ(bench.text("enip.product_name"), "name");
  EXPECT_EQ(bench.number("enip.revision"), 0x0403U);
  EXPECT_NE(bench.records[0].find("Rockwell"), std::string::npos);
}

TEST(Enip, CipPath) {
  ParserBench bench(Protocol::enip);
  const std::string cip("\x0e\3\x20\x01\x24\x02\x30\x07", 8);
  bench.client(message(0x6F, std::string(6, '\0') + std::string("\1\0\xb2\0\x08\0", 6) + cip));
  EXPECT_EQ(bench.number("cip_service"), 0x0EU);
  EXPECT_EQ(bench.number("enip.cip_class"), 1U);
  EXPECT_EQ(bench.number("enip.cip_instance"), 2U);
  EXPECT_EQ(bench.number("enip.cip_attribute"), 7U);
}

TEST(Enip, AnythingIsSurvived) { feed_anything(Protocol::enip, message(0x6F, "abc")); }

}  // namespace
}  // namespace tocsin::collectors::testing
