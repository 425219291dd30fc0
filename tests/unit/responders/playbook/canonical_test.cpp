// RFC 8785: the canonical form of JSON, and places in it.
#include "responders/playbook/signature/canonical.h"

#include <gtest/gtest.h>

#include "responders/playbook/json/pointer.h"

namespace tocsin::responders {
namespace {

std::string canonical(std::string_view text) {
  const JsonDocument document = read_json(text);
  EXPECT_TRUE(document.problems.empty()) << text;
  const auto out = canonical_json(document.root);
  return out ? *out : "refused: " + out.error().message;
}

TEST(Canonical, numbers_are_those_of_ecmascript) {
  const std::pair<const char*, const char*> cases[] = {{"0", "0"},
                                                       {"-0", "0"},
                                                       {"-0.0", "0"},
                                                       {"1.0", "1"},
                                                       {"4.50", "4.5"},
                                                       {"2e-3", "0.002"},
                                                       {"1E30", "1e+30"},
                                                       {"333333333.33333329", "333333333.3333333"},
                                                       {"0.000000000000000000000000001", "1e-27"},
                                                       {"1e21", "1e+21"},
                                                       {"1e20", "100000000000000000000"},
                                                       {"123456789012345680000.0", "123456789012345680000"},
                                                       {"0.000001", "0.000001"},
                                                       {"1e-7", "1e-7"},
                                                       {"-12.5e-9", "-1.25e-8"},
                                                       {"9007199254740992", "9007199254740992"},
                                                       {"5e-324", "5e-324"},
                                                       {"1e-400", "0"},
                                                       {"1.7976931348623157e308", "1.7976931348623157e+308"}};
  for (const auto& [from, to] : cases) EXPECT_EQ(canonical(from), to) << from;
}

TEST(Canonical, a_number_that_would_change_is_refused) {
  for (const char* text : {"9007199254740993", "-9007199254740993", "1e400", "-1e309"})
    EXPECT_TRUE(canonical(text).starts_with("refused")) << text;
}

TEST(Canonical, strings_are_escaped_as_little_as_they_can) {
  EXPECT_EQ(canonical(R"("\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/")"), "\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"");
  EXPECT_EQ(canonical(R"("\u2028\u007f<>&é")"), "\"\xE2\x80\xA8\x7F<>&é\"");
}

TEST(Canonical, keys_stand_in_the_order_of_utf16) {
  EXPECT_EQ(canonical(R"({"\u20ac":1,"\r":2,"\ufb33":3,"1":4,"\ud83d\ude00":5,"\u0080":6,"\u00f6":7})"),
            "{\"\\r\":2,\"1\":4,\"\xC2\x80\":6,\"ö\":7,\"€\":1,\"😀\":5,\"\xEF\xAC\xB3\":3}");
  EXPECT_EQ(canonical(R"({"b":{"d":[],"c":{}},"a":[null,true,false],"aa":0,"":1})"),
            R"({"":1,"a":[null,true,false],"aa":0,"b":{"c":{},"d":[]}})");
}

TEST(Canonical, no_unicode_normalisation) { EXPECT_NE(canonical("\"A\xCC\x8A\""), canonical("\"\xC3\x85\"")); }

TEST(Canonical, laying_out_changes_nothing) {
  const std::string text = R"({"b":[1,{"x":"é\n"}],"a":{},"c":[]})";
  const JsonDocument again = read_json(render_json_laid_out(read_json(text).root));
  ASSERT_TRUE(again.problems.empty());
  EXPECT_EQ(render_json(again.root), render_json(read_json(text).root));
}

TEST(Pointer, names_the_value_at_a_place) {
  const std::string text = R"({"a/b": {"c~d": [1, {"e": true}]}, "f": 2})";
  const JsonDocument document = read_json(text);
  const auto at = [&](std::string_view piece) {
    return json_pointer(document.root, static_cast<std::uint32_t>(text.find(piece)));
  };
  EXPECT_EQ(at("{\"a"), "");
  EXPECT_EQ(at("\"a/b"), "/a~1b");
  EXPECT_EQ(at("{\"c"), "/a~1b");
  EXPECT_EQ(at("1,"), "/a~1b/c~0d/0");
  EXPECT_EQ(at("true"), "/a~1b/c~0d/1/e");
  EXPECT_EQ(at("2}"), "/f");
  EXPECT_EQ(json_pointer(document.root, 100000), "/f");
  EXPECT_EQ(offset_of(document, document.place(static_cast<std::uint32_t>(text.find("true")))), text.find("true"));
  EXPECT_EQ(offset_of(document, {99, 1}), 0U);
  EXPECT_EQ(offset_of(document, {0, 0}), 0U);
  EXPECT_EQ(json_pointer(read_json("").root, 5), "");
}

}  // namespace
}  // namespace tocsin::responders
