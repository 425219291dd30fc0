#include <gtest/gtest.h>

#include "collectors/log/envelope/syslog.h"

namespace tocsin::collectors {
namespace {

std::string at(std::string_view text, StampForm form, LineClock clock,
               std::string_view reference = "2024-06-01T00:00:00Z") {
  const auto stamp = read_stamp(form, text);
  return stamp ? render_time(clock.resolve(*stamp, parse_time(reference).value())) : "none";
}

TEST(Stamp, reads_every_form) {
  const LineClock utc(TimeZone{}, 2024);
  EXPECT_EQ(at("Dec 10 06:55:46 host", StampForm::syslog, utc), "2024-12-10T06:55:46.000Z");
  EXPECT_EQ(at("Feb  3 06:55:46.25 host", StampForm::syslog, utc), "2024-02-03T06:55:46.250Z");
  EXPECT_EQ(at("Dec 10 2019 06:55:46: %ASA", StampForm::syslog, utc), "2019-12-10T06:55:46.000Z");
  EXPECT_EQ(at("*Mar  1 00:00:10.123: %SYS", StampForm::syslog, utc), "2024-03-01T00:00:10.123Z");
  EXPECT_EQ(at("2024-12-10T06:55:46.123456+02:00 x", StampForm::iso, utc), "2024-12-10T04:55:46.123456Z");
  EXPECT_EQ(at("2024/12/10 06:55:46 [error]", StampForm::slash, utc), "2024-12-10T06:55:46.000Z");
  EXPECT_EQ(at("10/Oct/2023:13:55:36 -0700]", StampForm::common, utc), "2023-10-10T20:55:36.000Z");
  EXPECT_EQ(at("Wed Oct 11 14:32:52.127812 2023] x", StampForm::ctime, utc), "2023-10-11T14:32:52.127812Z");
  EXPECT_EQ(at("1733813746.5 x", StampForm::epoch, utc), "2024-12-10T06:55:46.500Z");
  EXPECT_EQ(at("241210  6:55:46 [Note]", StampForm::compact, utc), "2024-12-10T06:55:46.000Z");
  EXPECT_EQ(at("2024-12-10  6:55:46 12 [Note]", StampForm::iso, utc), "2024-12-10T06:55:46.000Z");
  EXPECT_EQ(at("10-Dec-2024 06:55:46.5 x", StampForm::day, utc), "2024-12-10T06:55:46.500Z");
  EXPECT_EQ(at("10 Dec 2024 06:55:46.5 # x", StampForm::day, utc), "2024-12-10T06:55:46.500Z");
  EXPECT_EQ(at("Dec 40 06:55:46", StampForm::syslog, utc), "none");
  EXPECT_EQ(at("2024-13-10T06:55:46Z", StampForm::iso, utc), "none");
  EXPECT_EQ(at("", StampForm::iso, utc), "none");
}

TEST(Stamp, names_of_zones_are_offsets) {
  const LineClock utc(TimeZone{}, 2024);
  EXPECT_EQ(at("2024-07-01 12:00:00.5 CEST [7] x", StampForm::iso, utc), "2024-07-01T10:00:00.500Z");
  EXPECT_EQ(at("2024-01-01 12:00:00 PST", StampForm::iso, utc), "2024-01-01T20:00:00.000Z");
  EXPECT_EQ(at("2024-01-01 12:00:00 NST]", StampForm::iso, utc), "2024-01-01T15:30:00.000Z");
  EXPECT_EQ(at("Jul  1 12:00:00.123 EDT: %SYS", StampForm::syslog, utc), "2024-07-01T16:00:00.123Z");
  EXPECT_EQ(at("*Jul  1 12:00:00.123 CEST: %SYS", StampForm::syslog, utc), "2024-07-01T10:00:00.123Z");
  EXPECT_EQ(at("Mon Jul 01 12:00:00 JST 2024|x", StampForm::ctime, utc), "2024-07-01T03:00:00.000Z");
  EXPECT_EQ(at("Mon Jul 01 12:00:00 2024 MSK] x", StampForm::ctime, utc), "2024-07-01T09:00:00.000Z");
  EXPECT_EQ(at("01-Jul-2024 12:00:00 BST]", StampForm::day, utc), "2024-07-01T11:00:00.000Z");
  EXPECT_EQ(at("7/1/2024 12:00:00 PM PDT", StampForm::us, utc), "2024-07-01T19:00:00.000Z");
}

TEST(Stamp, words_that_only_look_like_zones_are_left_alone) {
  const auto length = [](std::string_view text, StampForm form) { return read_stamp(form, text)->length; };
  EXPECT_EQ(length("Jul  1 12:00:00 MSK sshd[1]: x", StampForm::syslog), 15U);  // a host of that name
  EXPECT_EQ(length("2024-07-01 12:00:00 CESTX", StampForm::iso), 19U);
  EXPECT_EQ(length("2024-07-01 12:00:00 PST-gw", StampForm::iso), 19U);
  EXPECT_EQ(length("2024-07-01 12:00:00 cest", StampForm::iso), 19U);
  EXPECT_EQ(length("2024-07-01 12:00:00 ", StampForm::iso), 19U);
  EXPECT_EQ(length("2024-07-01 12:00:00 C", StampForm::iso), 19U);
}

TEST(Stamp, a_name_that_several_countries_use_is_the_zone_of_the_source) {
  const auto zone = TimeZone::load("Asia/Shanghai");
  if (!zone) GTEST_SKIP() << zone.error().text();
  EXPECT_EQ(at("2024-07-01 12:00:00 CST [7] x", StampForm::iso, LineClock(*zone, 2024)), "2024-07-01T04:00:00.000Z");
  EXPECT_EQ(at("2024-07-01 12:00:00 CST [7] x", StampForm::iso, LineClock(TimeZone{std::chrono::hours{-6}}, 2024)),
            "2024-07-01T18:00:00.000Z");
  EXPECT_EQ(read_stamp(StampForm::iso, "2024-07-01 12:00:00 CST [7] x")->length, 23U);
}

TEST(LineClock, counts_across_new_year_and_back) {
  LineClock clock(TimeZone{}, 2023);
  const auto when = [&](std::string_view text) {
    return render_time(clock.resolve(*read_stamp(StampForm::syslog, text), Time{})).substr(0, 10);
  };
  EXPECT_EQ(when("Dec 31 23:59:59"), "2023-12-31");
  EXPECT_EQ(when("Jan  1 00:00:01"), "2024-01-01");
  EXPECT_EQ(when("Dec 31 23:59:58"), "2023-12-31");
  EXPECT_EQ(when("Jan  1 00:00:02"), "2024-01-01");
  EXPECT_EQ(when("Feb 29 00:00:02"), "2024-02-29");
}

TEST(LineClock, without_a_year_takes_the_latest_that_is_not_in_the_future) {
  const LineClock clock;
  EXPECT_EQ(at("Dec 31 23:00:00", StampForm::syslog, clock, "2024-01-02T00:00:00Z"), "2023-12-31T23:00:00.000Z");
  EXPECT_EQ(at("Jan  2 12:00:00", StampForm::syslog, clock, "2024-01-02T00:00:00Z"), "2024-01-02T12:00:00.000Z");
}

TEST(TimeZone, knows_summer_time) {
  const auto zone = TimeZone::load("Europe/Berlin");
  if (!zone) GTEST_SKIP() << zone.error().text();
  const LineClock clock(*zone, 2024);
  EXPECT_EQ(at("Jul  1 12:00:00", StampForm::syslog, clock), "2024-07-01T10:00:00.000Z");
  EXPECT_EQ(at("Dec  1 12:00:00", StampForm::syslog, clock), "2024-12-01T11:00:00.000Z");
  EXPECT_EQ(at("Oct 27 02:30:00", StampForm::syslog, clock), "2024-10-27T00:30:00.000Z");
  const LineClock later(*zone, 2045);  // past the table: by rule
  EXPECT_EQ(at("Jul  1 12:00:00", StampForm::syslog, later), "2045-07-01T10:00:00.000Z");
  EXPECT_EQ(at("Dec  1 12:00:00", StampForm::syslog, later), "2045-12-01T11:00:00.000Z");
}

TEST(TimeZone, refuses_paths_and_nonsense) {
  EXPECT_FALSE(TimeZone::load("../../etc/passwd"));
  EXPECT_FALSE(TimeZone::load("/etc/passwd"));
  EXPECT_FALSE(TimeZone::load("Nowhere/City"));
  EXPECT_FALSE(TimeZone::parse("TZif2"));
  EXPECT_EQ(TimeZone::load("+03:30")->offset_at(Time{}), std::chrono::minutes{210});
}

struct Wanted {
  std::string_view line, host, program, pid, message;
};

TEST(Envelope, reads_what_is_written) {
  const Wanted cases[] = {
      {"Dec 10 06:55:46 LabSZ sshd[24200]: hello", "LabSZ", "sshd", "24200", "hello"},
      {"<38>Dec 10 06:55:46 web su: x", "web", "su", "", "x"},
      {"2024-12-10T06:55:46.1+00:00 h CRON[7]: (root) CMD (ls)", "h", "CRON", "7", "(root) CMD (ls)"},
      {"<165>1 2003-10-11T22:14:15.003Z m.example evntslog - ID47 [x@1 a=\"]\\\"\"] \xEF\xBB\xBFtext", "m.example",
       "evntslog", "", "text"},
      {"<34>1 - - - - - -", "", "", "", ""},
      {"Jun 14 15:16:01 combo sshd(pam_unix)[19939]: authentication failure;", "combo", "sshd(pam_unix)", "19939",
       "authentication failure;"},
      {"Jun 14 15:16:01 sshd[1]: no host", "", "sshd", "1", "no host"},
      {"Jun 14 15:16:01 fw : %ASA-6-106015: Deny", "fw", "%ASA-6-106015", "", "Deny"},
      {"<189>Jun 14 2020 15:16:01: %ASA-6-106015: Deny", "", "%ASA-6-106015", "", "Deny"},
      {"Jun 14 15:16:01 mail postfix/smtpd[2]: connect", "mail", "postfix/smtpd", "2", "connect"},
      {"Jun 14 15:16:01 h some words without tag", "h", "", "", "some words without tag"},
      {"Jun 14 15:16:01 h /usr/sbin/cron[1]: x", "h", "cron", "1", "x"},
      {"2020-03-25 09:01:30.852002-0700  mac sshd[11885]: hello", "mac", "sshd", "11885", "hello"},
      {"Aug 18 07:30:25 192.0.2.5 sshd[20247]: [ID 800047 auth.notice] hi", "192.0.2.5", "sshd", "20247", "hi"},
      {"Jun 14 15:16:01 h kernel: [12.5] a: b", "h", "kernel", "", "[12.5] a: b"},
  };
  for (const auto& c : cases) {
    Envelope e;
    ASSERT_TRUE(read_envelope(c.line, e)) << c.line;
    EXPECT_EQ(e.host, c.host) << c.line;
    EXPECT_EQ(e.program, c.program) << c.line;
    EXPECT_EQ(e.pid, c.pid) << c.line;
    EXPECT_EQ(e.message, c.message) << c.line;
  }
}

TEST(Envelope, refuses_what_is_not_syslog) {
  Envelope e;
  for (const std::string_view line :
       {"", " ", "<", "<999>x", "hello world", "1.2.3.4 - - [x]", "{\"a\":1}", "<1234>",
        "2024-03-01 10:00:00 install x:amd64 1", "2024-03-01T10:00:00.5Z stdout F sshd[1]: x",
        "2024-03-01T10:00:00.5+02:00 stderr P x"})
    EXPECT_FALSE(read_envelope(line, e)) << line;
}

}  // namespace
}  // namespace tocsin::collectors
