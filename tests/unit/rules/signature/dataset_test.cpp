#include <gtest/gtest.h>

#include "collectors/base/text.h"
#include "rules/signature/match/asn1.h"
#include "rules/signature/state/dataset.h"
#include "rules/signature/state/reputation.h"

namespace tocsin::rules::signature {
namespace {

TEST(Dataset, LoadFindSave) {
  Dataset set("names", DatasetType::string, 1U << 20U);
  ASSERT_TRUE(set.load("Y3VybA==\n\nd2dldA==\n", {}, false));
  EXPECT_TRUE(set.find(as_bytes("curl")));
  EXPECT_FALSE(set.find(as_bytes("lynx")));
  set.will_change();
  EXPECT_TRUE(set.add(as_bytes("lynx")));
  EXPECT_FALSE(set.add(as_bytes("lynx")));
  EXPECT_TRUE(set.remove(as_bytes("wget")));
  EXPECT_EQ(set.save(), "Y3VybA==\nbHlueA==\n");
}

TEST(Dataset, WrongLinesAreNamed) {
  Dataset set("names", DatasetType::string, 1U << 20U);
  const auto done = set.load("Y3VybA==\nno base64!\n", {}, false);
  ASSERT_FALSE(done);
  EXPECT_NE(done.error().find("line 2"), std::string::npos);
  EXPECT_FALSE(Dataset("hashes", DatasetType::md5, 1U << 20U).load("abcd", {}, false));
  EXPECT_FALSE(Dataset("reputations", DatasetType::string, 1U << 20U).load("Y3VybA==,-1", {}, true));
}

TEST(Dataset, AddressesOfBothKinds) {
  Dataset set("addresses", DatasetType::ip, 1U << 20U);
  ASSERT_TRUE(set.load("::ffff:192.0.2.1\n2001:db8::1\n192.0.2.9", {}, false));
  for (const auto* text : {"192.0.2.1", "192.0.2.9", "2001:db8::1"})
    EXPECT_TRUE(set.find(parse_address(text)->bytes()));
  EXPECT_FALSE(set.find(as_bytes("12345")));
}

TEST(Dataset, JsonKeepsItsContext) {
  Dataset set("indicators", DatasetType::string, 1U << 20U);
  DatasetFormat format{DatasetFormat::Kind::json, "ioc.host", "info.list", true};
  ASSERT_TRUE(
      set.load(R"({"info":{"list":[{"ioc":{"host":"bad.example","n":1},"year":2005},{"year":1}]}})", format, false));
  const auto entry = set.find(as_bytes("bad.example"));
  ASSERT_TRUE(entry && entry->context);
  EXPECT_EQ(*entry->context, R"({"ioc":{"n":1},"year":2005})");
  EXPECT_FALSE(set.load("[", format, false));
}

TEST(Dataset, MemoryIsCapped) {
  Dataset set("small", DatasetType::string, 1'000);
  for (int i = 0; i < 100; ++i) set.add(as_bytes("value " + std::to_string(i)));
  EXPECT_LT(set.size(), 12U);
  EXPECT_GT(set.refused(), 80U);
}

TEST(Reputation, LongestPrefixWins) {
  Diagnostics diagnostics;
  Reputation table;
  table.add_categories("c", "1,bad,x\n0,wrong,x\n# comment\n2,worse,x", diagnostics);
  table.add_scores("s", "10.0.0.0/8,1,10\n10.1.0.0/16,1,20\n10.1.2.3,2,127\n10.1.2.3,1,128", diagnostics);
  EXPECT_EQ(diagnostics.all().size(), 2U);
  const auto bad = table.category("bad"), worse = table.category("worse");
  ASSERT_TRUE(bad && worse);
  EXPECT_EQ(table.score(*parse_address("10.9.9.9"), *bad), 10);
  EXPECT_EQ(table.score(*parse_address("10.1.2.3"), *bad), 20);
  EXPECT_EQ(table.score(*parse_address("10.1.2.3"), *worse), 127);
  EXPECT_FALSE(table.score(*parse_address("11.1.2.3"), *bad));
}

TEST(Asn1, LengthsThatOverran) {
  Asn1Test bits;
  bits.bit_string_overflow = true;
  EXPECT_TRUE(asn1_holds(as_bytes(std::string("\x30\x04\x03\x02\x20\x00", 6)), 0, bits));
  EXPECT_FALSE(asn1_holds(as_bytes(std::string("\x30\x04\x03\x02\x02\x00", 6)), 0, bits));
  Asn1Test size;
  size.oversize_length = 500;
  EXPECT_TRUE(asn1_holds(as_bytes(std::string("\x04\x82\x10\x00zz", 6)), 0, size));
  EXPECT_FALSE(asn1_holds(as_bytes(std::string("\x04\x02zz", 4)), 0, size));
  size.absolute_offset = 100;
  EXPECT_FALSE(asn1_holds(as_bytes("short"), 0, size));
}

}  // namespace
}  // namespace tocsin::rules::signature
