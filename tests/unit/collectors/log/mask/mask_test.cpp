#include "collectors/log/mask/mask.h"

#include <gtest/gtest.h>

#include <string>

namespace tocsin::collectors {
namespace {

std::string masked(std::string text) {
  mask_secrets(text);
  return text;
}

TEST(Mask, hides_values_and_keeps_the_rest) {
  EXPECT_EQ(masked("a password=abc123 b"), "a password=****** b");
  EXPECT_EQ(masked("/x?token=abc&y=1"), "/x?token=***&y=1");
  EXPECT_EQ(masked("Authorization: Bearer abc.def"), "Authorization: Bearer *******");
  EXPECT_EQ(masked(R"({"password":"abc","user":"bob"})"), R"({"password":"***","user":"bob"})");
  EXPECT_EQ(masked("curl --password abc http://u:pw@h/"), "curl --password *** http://u:**@h/");
  EXPECT_EQ(masked("mysql --password=\"a b\" x"), "mysql --password=\"***\" x");
}

TEST(Mask, a_quote_within_json_stays_escaped) {
  EXPECT_EQ(masked(R"({"line":"cmd /c \"run --token ABC\"","next":1})"),
            R"({"line":"cmd /c \"run --token ***\"","next":1})");
  EXPECT_EQ(masked(R"({"line":"login \"password=abc\" done"})"), R"({"line":"login \"password=***\" done"})");
}

TEST(Mask, leaves_what_is_no_secret) {
  for (const std::string text :
       {"Failed password for root from 203.0.113.9", "PWD=/home/alice ; USER=root", "key=exec", "ElevatedToken: x",
        "sshd: pam_unix(sshd:auth): authentication failure", "http://host:80/x", "", "=", ":", "password="})
    EXPECT_EQ(masked(text), text);
}

TEST(Mask, leaves_attacks_for_the_rules) {
  for (const std::string text : {"/x?password=1%27%20or%201=1", "/x?token=../../etc/passwd", "/x?pass=%3Cscript%3E"})
    EXPECT_EQ(masked(text), text);
}

}  // namespace
}  // namespace tocsin::collectors
