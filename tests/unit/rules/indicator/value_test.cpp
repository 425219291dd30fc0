#include "rules/indicator/value.h"

#include <array>

#include <gtest/gtest.h>

namespace tocsin::rules::indicator {
namespace {

std::string shown(std::string_view text, Reach reach = Reach::exact) {
  const auto value = parse_value(text, reach);
  if (!value) return "refused";
  return std::string(kind_name(value->kind)) + " " + render_value(value->kind, value->key) +
         (value->reach == Reach::subdomains ? " +" : "");
}

std::string url(std::string_view text) {
  std::array<char, url_most> buffer;
  return std::string(canonical_url(text, buffer));
}

TEST(Value, kind_is_told_by_form) {
  EXPECT_EQ(shown("203.0.113.7"), "address 203.0.113.7");
  EXPECT_EQ(shown("2001:DB8::1"), "address 2001:db8::1");
  EXPECT_EQ(shown("::ffff:203.0.113.7"), "address 203.0.113.7");
  EXPECT_EQ(shown("203.0.113.7/24"), "network 203.0.113.0/24");
  EXPECT_EQ(shown("203.0.113.7/32"), "address 203.0.113.7");
  EXPECT_EQ(shown("2001:db8::/32"), "network 2001:db8::/32");
  EXPECT_EQ(shown("203.0.113.7:443"), "endpoint 203.0.113.7:443");
  EXPECT_EQ(shown("203.0.113.7|443"), "endpoint 203.0.113.7:443");
  EXPECT_EQ(shown("[2001:db8::1]:443"), "endpoint [2001:db8::1]:443");
  EXPECT_EQ(shown("Evil.Example."), "domain evil.example");
  EXPECT_EQ(shown("*.evil.example"), "domain evil.example +");
  EXPECT_EQ(shown("evil.example", Reach::subdomains), "domain evil.example +");
  EXPECT_EQ(shown("https://Evil.Example/A?b#c"), "url evil.example/A?b");
  EXPECT_EQ(shown("evil.example/a"), "url evil.example/a");
  EXPECT_EQ(shown("D41D8CD98F00B204E9800998ECF8427E"), "md5 d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(shown("da39a3ee5e6b4b0d3255bfef95601890afd80709"), "sha1 da39a3ee5e6b4b0d3255bfef95601890afd80709");
  EXPECT_EQ(shown(std::string(64, 'a')), "sha256 " + std::string(64, 'a'));
  EXPECT_EQ(shown("t13d1516h2_8daaf6152771_e5627efa2ab1"), "ja4 t13d1516h2_8daaf6152771_e5627efa2ab1");
}

TEST(Value, what_keeps_it_from_being_clicked_is_undone) {
  EXPECT_EQ(shown("hxxps://evil[.]example/x"), "url evil.example/x");
  EXPECT_EQ(shown("HXXP[:]//evil(.)example/x"), "url evil.example/x");
  EXPECT_EQ(shown("203[.]0[.]113[.]7"), "address 203.0.113.7");
  EXPECT_EQ(shown("t13d1516h2_8DAAF6152771_e5627efa2ab1"), "ja4 t13d1516h2_8daaf6152771_e5627efa2ab1");
  EXPECT_EQ(shown("hxxp.example"), "domain hxxp.example");
  EXPECT_EQ(shown("hxx.example/a"), "url hxx.example/a");
  EXPECT_EQ(shown("evil(dot)example"), "domain evil.example");
}

TEST(Value, no_value_is_refused) {
  for (const auto* text : {"", " ", "300.1.1.1", "1.2.3", "a..b", "-", "evil example", "203.0.113.7:0",
                           "203.0.113.7:65536", "203.0.113.0/33", "http://", "http:///x", "\xff\xfe.example", "a/b"})
    EXPECT_EQ(shown(text), "refused") << text;
  EXPECT_EQ(shown(std::string(64, 'a') + ".example"), "refused");
  EXPECT_EQ(shown("http://evil.example/" + std::string(url_most, 'a')), "refused");
}

TEST(Url, one_form_of_each) {
  EXPECT_EQ(url("http://evil.example"), "evil.example/");
  EXPECT_EQ(url("HTTPS://EVIL.example:443/Path"), "evil.example/Path");
  EXPECT_EQ(url("http://evil.example:8080?q"), "evil.example:8080/?q");
  EXPECT_EQ(url("http://user:secret@evil.example/"), "evil.example/");
  EXPECT_EQ(url("ftp://evil.example/f"), "ftp://evil.example/f");
  EXPECT_EQ(url("http://[2001:db8::1]:8080/"), "[2001:db8::1]:8080/");
  EXPECT_EQ(url("evil.example"), "");
  EXPECT_EQ(url("http://el.ex://le.x"), "el.ex//le.x");
  EXPECT_EQ(url("el.ex/a://b"), "el.ex/a://b");
  for (const auto* text : {"http://el.ex:8o/", "http::/", "uta-p::?://:", "http://a.b:80:443/", "2001:db8::/x",
                           "http://[evil.example]/", "http://[2001:db8::1]x/"})
    EXPECT_EQ(url(text), "") << text;
  EXPECT_EQ(url_without_query("el.ex/a://b?c"), "el.ex/a://b");
  EXPECT_EQ(url("http://evil.example/a b"), "");
  EXPECT_EQ(url_host("ftp://evil.example/f"), "evil.example");
  EXPECT_EQ(url_host("[2001:db8::1]:8080/"), "2001:db8::1");
  EXPECT_EQ(url_host("evil.example:81/x://y"), "evil.example");
  EXPECT_EQ(url_without_query("evil.example/a?b"), "evil.example/a");
  EXPECT_EQ(url_without_query("evil.example/?b"), "");
  EXPECT_EQ(url_without_query("evil.example/a"), "");
  EXPECT_EQ(url_without_query("ftp://evil.example/?b"), "");
}

TEST(Tlp, words_of_both_versions) {
  EXPECT_EQ(parse_tlp("TLP:AMBER+STRICT"), Tlp::amber_strict);
  EXPECT_EQ(parse_tlp("tlp:white"), Tlp::clear);
  EXPECT_EQ(parse_tlp(" red "), Tlp::red);
  EXPECT_EQ(tlp_label(Tlp::amber_strict), "TLP:AMBER+STRICT");
  EXPECT_EQ(parse_tlp("purple"), std::nullopt);
  EXPECT_EQ(parse_tlp(""), std::nullopt);
}

}  // namespace
}  // namespace tocsin::rules::indicator
