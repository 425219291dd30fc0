#include "daemon/control/filter.h"

#include <gtest/gtest.h>
#include <boost/json.hpp>

namespace tocsin::daemon {
namespace {

bool matches(std::string_view filter, std::string_view record) {
  const auto parsed = parse_filter(filter);
  if (!parsed) {
    ADD_FAILURE() << parsed.error().message;
    return false;
  }
  return parsed->matches(boost::json::parse({record.data(), record.size()}).get_object());
}

constexpr std::string_view alert =
    R"({"alert.severity":80,"host.name":"Web01","@timestamp":"2026-11-22T10:00:00Z","entities":[{"kind":"user","value":"root"},
       {"kind":"address","value":"10.0.0.9"}],"packet":{"source_port":4711},"exercise":true})";

TEST(Filter, compares_numbers_as_numbers_and_times_as_times) {
  EXPECT_TRUE(matches("alert.severity >= 9", alert));
  EXPECT_FALSE(matches("alert.severity < 9", alert));
  EXPECT_TRUE(matches("@timestamp > 2026-11-22T12:00:00+03:00", alert));
  EXPECT_FALSE(matches("@timestamp > 2026-11-22T12:00:00+01:00", alert));
}

TEST(Filter, knows_wildcards_lists_and_nested_keys) {
  EXPECT_TRUE(matches("host.name = web*", alert));
  EXPECT_TRUE(matches("entities.value = 10.0.0.?", alert));
  EXPECT_TRUE(matches("host.name = WEB*", alert));
  const auto accented = parse_filter("user.name = ren?");
  ASSERT_TRUE(accented);
  EXPECT_TRUE(accented->matches(boost::json::object{{"user.name", "rené"}}));  // one character is one code point
  EXPECT_TRUE(matches("packet.source_port in (80, 4711)", alert));
  EXPECT_TRUE(matches("host.name ~ EB0 and not exercise = false", alert));
}

TEST(Filter, a_network_is_equal_to_every_address_in_it) {
  EXPECT_TRUE(matches("entities.value = 10.0.0.0/8", alert));
  EXPECT_TRUE(matches("entities.value = 10.0.0.77/24", alert));  // as people copy it from an interface
  EXPECT_TRUE(matches("entities.value in (192.0.2.0/24, 10.0.0.8/31)", alert));
  EXPECT_FALSE(matches("entities.value = 10.0.0.10/31", alert));
  EXPECT_FALSE(matches("entities.value != 10.0.0.0/8", alert));
  EXPECT_FALSE(matches("entities.value ~ 10.0.0.0/8", alert));
  EXPECT_TRUE(matches("source.ip = 2001:db8::/32", R"({"source.ip":"2001:db8:1::7"})"));
  EXPECT_FALSE(matches("source.ip = 10.0.0.0/8", R"({"source.ip":"2001:db8:1::7"})"));
  EXPECT_TRUE(matches("url.path = /etc/passwd", R"({"url.path":"/etc/passwd"})"));
}

TEST(Filter, negation_means_no_value_is_equal) {
  EXPECT_FALSE(matches("entities.value != root", alert));
  EXPECT_TRUE(matches("entities.value != nobody", alert));
  EXPECT_TRUE(matches("absent != x", alert));
  EXPECT_FALSE(matches("absent = *", alert));
}

TEST(Filter, and_binds_closer_than_or) {
  EXPECT_TRUE(matches("host.name=x and host.name=y or alert.severity=80", alert));
  EXPECT_FALSE(matches("host.name=x and (host.name=y or alert.severity=80)", alert));
}

TEST(Filter, refuses_what_it_cannot_read_and_names_the_place) {
  for (const char* text : {"a", "a =", "= 3", "(a=1", "a=1 b=2", "a='x", "a in 3", "not", "a ! b", "a=1 and"}) {
    const auto parsed = parse_filter(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, Code::usage);
  }
  EXPECT_NE(parse_filter("a=1 b=2").error().message.find("at 5"), std::string::npos);
}

TEST(Filter, caps_hold) {
  EXPECT_FALSE(parse_filter(std::string(100, '(') + "a=1" + std::string(100, ')')));
  EXPECT_FALSE(parse_filter(std::string(5000, ' ') + "a=1"));
  std::string not_not;
  for (int i = 0; i < 100; ++i) not_not += "not ";
  EXPECT_FALSE(parse_filter(not_not + "a=1"));
}

TEST(Filter, names_its_fields) {
  EXPECT_EQ(parse_filter("b=1 and (a=2 or b=3)")->fields(), (std::vector<std::string>{"a", "b"}));
}

TEST(Filter, tells_what_each_field_is_compared_with) {
  const auto told = parse_filter("a > 1 and not b in (x, y) or c !~ z")->comparisons();
  ASSERT_EQ(told.size(), 4U);
  EXPECT_TRUE(told[0].ordered);
  EXPECT_EQ(told[2].field + "=" + told[2].value, "b=y");
  EXPECT_FALSE(told[2].ordered || told[2].contains);
  EXPECT_TRUE(told[3].contains);
}

TEST(Filter, tells_what_must_hold) {
  const auto required = [](std::string_view text) {
    std::string out;
    for (const auto& one : parse_filter(text)->required()) out += one.field + "=" + one.value + " ";
    return out;
  };
  EXPECT_EQ(required("a = 1 and (b = 2 and c > 3) and d != 4 and e in (5) and f in (6, 7)"), "a=1 b=2 e=5 ");
  EXPECT_EQ(required("(a = 1 and b = 2)"), "a=1 b=2 ");
  EXPECT_EQ(required("a = 1 or b = 2"), "");
  EXPECT_EQ(required("a = 1 and (b = 2 or c = 3)"), "a=1 ");
  EXPECT_EQ(required("not a = 1"), "");
  EXPECT_EQ(required(""), "");
}

}  // namespace
}  // namespace tocsin::daemon
