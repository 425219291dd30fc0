#include "tests/unit/rules/signature/fixture.h"

namespace tocsin::rules::signature::testing {
namespace {

// Whether a rule with these options alerts on one UDP payload.
bool hits(const std::string& options, std::string_view payload) {
  Bench bench("alert udp any any -> any any (" + options + " sid:1;)");
  EXPECT_TRUE(bench.diagnostics.all().empty())
      << options << ": " << (bench.diagnostics.all().empty() ? "" : bench.diagnostics.all()[0].cause);
  auto flow = Bench::flow(Protocol::unknown, 17);
  bench.packet(&flow, payload, Direction::to_server, 17);
  return !bench.sids().empty();
}

TEST(Contents, PlacesAndCase) {
  EXPECT_TRUE(hits("content:\"abc\";", "xxabcxx"));
  EXPECT_FALSE(hits("content:\"ABC\";", "xxabcxx"));
  EXPECT_TRUE(hits("content:\"ABC\"; nocase;", "xxabCxx"));
  EXPECT_TRUE(hits("content:\"abc\"; offset:2; depth:3;", "xxabcxx"));
  EXPECT_FALSE(hits("content:\"abc\"; offset:3;", "xxabcxx"));
  EXPECT_FALSE(hits("content:\"abc\"; depth:4;", "xxabcxx"));
  EXPECT_TRUE(hits("content:\"abc\"; startswith;", "abcx"));
  EXPECT_FALSE(hits("content:\"abc\"; startswith;", "xabc"));
  EXPECT_TRUE(hits("content:\"abc\"; endswith;", "abcxabc"));
  EXPECT_FALSE(hits("content:\"abc\"; endswith;", "abcx"));
}

TEST(Contents, Negation) {
  EXPECT_TRUE(hits("content:\"abc\"; content:!\"zzz\";", "abc"));
  EXPECT_FALSE(hits("content:\"abc\"; content:!\"zzz\";", "abczzz"));
  EXPECT_TRUE(hits("content:\"abc\"; content:!\"z\"; within:2;", "abcxxz"));
  EXPECT_FALSE(hits("content:\"abc\"; content:!\"z\"; within:2;", "abcxz"));
}

TEST(Contents, RelativePlacesTryOtherMatches) {
  EXPECT_TRUE(hits("content:\"ab\"; content:\"cd\"; distance:1; within:2;", "ab ab_cd"));
  EXPECT_FALSE(hits("content:\"ab\"; content:\"cd\"; distance:2; within:2;", "ab ab_cd"));
  EXPECT_TRUE(
      hits("content:\"a\"; content:\"b\"; distance:0; within:1; content:\"c\"; distance:0; within:1;", "a ab abc"));
  EXPECT_TRUE(hits("content:\"abc\"; content:\"b\"; distance:-2; within:2;", "abc"));
}

TEST(Pcre, FlagsAndRelative) {
  EXPECT_TRUE(hits("pcre:\"/a.c/\";", "xabcx"));
  EXPECT_FALSE(hits("pcre:\"/A.C/\";", "xabcx"));
  EXPECT_TRUE(hits("pcre:\"/A.C/i\";", "xabcx"));
  EXPECT_TRUE(hits("content:\"key=\"; pcre:\"/^[0-9]+\\;/R\";", "key=x key=123;"));
  EXPECT_FALSE(hits("content:\"key=\"; pcre:\"/^[0-9]+\\;/R\";", "key=x 123;"));
  EXPECT_TRUE(hits("content:\"a\"; pcre:!\"/z/\";", "abc"));
}

TEST(Bytes, TestJumpExtractMath) {
  EXPECT_TRUE(hits("content:\"L\"; byte_test:2,=,258,0,relative;", std::string_view("L\x01\x02", 3)));
  EXPECT_TRUE(hits("content:\"L\"; byte_test:2,=,513,0,relative,little;", std::string_view("L\x01\x02", 3)));
  EXPECT_TRUE(hits("byte_test:3,>,122,1,string,dec;", "x123"));
  EXPECT_FALSE(hits("byte_test:3,>,123,1,string,dec;", "x123"));
  EXPECT_TRUE(hits("content:\"L\"; byte_jump:1,0,relative; content:\"end\"; distance:0; within:3;",
                   std::string_view("L\x02xxend", 7)));
  EXPECT_TRUE(hits("byte_extract:1,0,n; content:\"end\"; offset:n;", std::string_view("\x03xxend", 6)));
  EXPECT_FALSE(hits("byte_extract:1,0,n; content:\"end\"; offset:n;", std::string_view("\x04xxend", 6)));
  EXPECT_TRUE(hits("byte_math:bytes 1, offset 0, oper +, rvalue 1, result n; byte_test:1,=,n,1;",
                   std::string_view("\x03\x04", 2)));
}

TEST(Bytes, DataAtAndBase64) {
  EXPECT_TRUE(hits("content:\"abc\"; isdataat:2,relative;", "abcxx"));
  EXPECT_FALSE(hits("content:\"abc\"; isdataat:3,relative;", "abcxx"));
  EXPECT_TRUE(hits("content:\"abc\"; isdataat:!1,relative;", "abc"));
  EXPECT_TRUE(hits("content:\"v=\"; base64_decode:relative; base64_data; content:\"hello\";", "v=aGVsbG8="));
  EXPECT_FALSE(hits("content:\"v=\"; base64_decode:relative; base64_data; content:\"world\";", "v=aGVsbG8="));
}

TEST(Headers, FieldsAndSize) {
  EXPECT_TRUE(hits("dsize:3;", "abc"));
  EXPECT_FALSE(hits("dsize:<3;", "abc"));
  EXPECT_TRUE(hits("ttl:64;", "abc"));
  EXPECT_TRUE(hits("ttl:>10; content:\"abc\";", "abc"));
}

TEST(Work, CatastrophicExpressionsAreBounded) {
  EXPECT_FALSE(hits("pcre:\"/(a+)+(a+)+(a+)+$/\";", std::string(4'000, 'a') + "b"));
  std::string contents;
  for (int i = 0; i < 20; ++i) contents += "content:\"a\"; distance:0; ";
  EXPECT_FALSE(hits(contents + "content:\"zzzz\"; distance:0;", std::string(3'000, 'a')));
}

}  // namespace
}  // namespace tocsin::rules::signature::testing
