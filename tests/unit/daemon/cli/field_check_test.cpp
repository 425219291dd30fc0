#include "daemon/cli/field_check.h"

#include <algorithm>
#include <cstdlib>
#include <sstream>

#include <gtest/gtest.h>

#include "daemon/cli/commands/tables.h"
#include "daemon/cli/run.h"

namespace tocsin::daemon {
namespace {

struct Said {
  int status = 0;
  std::string out;
  std::string err;
};

// The program itself, with no daemon to ask.
Said said(std::vector<std::string> arguments) {
  const auto table = all_commands();
  const ManualClock clock;
  Places places;
  places.config = "/nonexistent/tocsin.yaml";
  places.runtime = "/nonexistent";
  std::istringstream in;
  std::ostringstream out;
  std::ostringstream err;
  Terminal terminal;
  const int status = run_program({arguments, table, places, clock, terminal, in, out, err});
  return {status, out.str(), err.str()};
}

bool mentions(const std::string& text, std::string_view word) { return text.find(word) != std::string::npos; }

TEST(FieldCheck, a_typo_of_a_commands_own_field_is_a_usage_error_that_names_the_right_one) {
  for (const std::string option : {"--where", "--fields"}) {
    const auto got = said({"incident", "list", option, option == "--where" ? "ownr = linh" : "alias,ownr"});
    EXPECT_EQ(got.status, 2) << got.err;
    EXPECT_TRUE(mentions(got.err, "`ownr`")) << got.err;
    EXPECT_TRUE(mentions(got.err, "did you mean `owner`")) << got.err;
    EXPECT_TRUE(mentions(got.err, "verdict")) << got.err;
    EXPECT_TRUE(got.out.empty());
  }
}

TEST(FieldCheck, what_is_known_goes_on_to_the_daemon) {
  EXPECT_EQ(said({"incident", "list", "--where", "owner = linh"}).status, 6);
  EXPECT_EQ(said({"alert", "list", "--where", "source.ip = 203.0.113.9 and entities.value = x"}).status, 6);
  EXPECT_EQ(said({"alert", "list", "--fields", "alert.id,fields.source.ip,why.where"}).status, 6);
  EXPECT_EQ(said({"event", "search", "--where", "smtp.helo = x"}).status, 6);
  EXPECT_EQ(said({"incident", "show", "1", "--fields", "timeline.kind,alias"}).status, 6);
}

TEST(FieldCheck, where_rows_are_events_a_store_decides_about_names_nobody_knows) {
  const auto got =
      said({"event", "search", "--store", "/nonexistent/store", "--where", "sorce.ip = 203.0.113.9", "-o", "json"});
  EXPECT_EQ(got.status, 2) << got.err;
  EXPECT_TRUE(mentions(got.err, "`source.ip`")) << got.err;
  EXPECT_TRUE(mentions(got.err, "tocsin list fields")) << got.err;
}

TEST(FieldCheck, a_filter_that_cannot_be_read_is_told_before_anything_is_asked) {
  EXPECT_EQ(said({"incident", "list", "--where", "owner ="}).status, 2);
}

TEST(FieldCheck, a_value_that_a_field_never_holds_is_a_usage_error) {
  for (const std::string where : {"alert.severity = high", "alert.severity > high", "source.port in (22, ssh)",
                                  "tocsin.exercise = yes", "@timestamp > -2h", "fields.source.port = x"}) {
    const auto got = said({"alert", "list", "--where", where});
    EXPECT_EQ(got.status, 2) << where;
    EXPECT_TRUE(mentions(got.err, "is none")) << got.err;
  }
  EXPECT_TRUE(mentions(said({"alert", "list", "--where", "@timestamp > -2h"}).err, "--since"));
  for (const std::string where :
       {"alert.severity >= 70", "source.port = 8*", "source.port ~ x", "tocsin.exercise = true",
        "@timestamp > 2026-11-22", "source.ip = 10.0.0.0/8", "smtp.helo > 3"})
    EXPECT_EQ(said({"alert", "list", "--where", where}).status, 6) << where;
}

TEST(FieldCheck, close_names_come_from_typos_endings_beginnings_and_shorthand) {
  const std::vector<std::string> known{"source.ip", "destination.ip", "destination.port", "user.name",
                                       "alert.severity"};
  EXPECT_EQ(close_fields("sorce.ip", known).front(), "source.ip");
  EXPECT_EQ(close_fields("src_ip", known).front(), "source.ip");
  EXPECT_EQ(close_fields("dest_port", known).front(), "destination.port");
  EXPECT_EQ(close_fields("severity", known), std::vector<std::string>{"alert.severity"});
  EXPECT_EQ(close_fields("user", known).front(), "user.name");
  EXPECT_EQ(close_fields("Source.IP", known).front(), "source.ip");
  EXPECT_EQ(close_fields("ip", known).size(), 2U);
  EXPECT_TRUE(close_fields("zzzzzzzzzz", known).empty());
}

TEST(ListCommands, what_is_built_in_needs_no_daemon) {
  for (const std::string what : {"fields", "actions", "protocols", "keywords", "commands"}) {
    const auto got = said({"list", what, "-o", "csv"});
    EXPECT_EQ(got.status, 0) << what << ": " << got.err;
    EXPECT_GT(std::ranges::count(got.out, '\n'), 3) << what;
  }
  const auto fields = said({"list", "fields", "--where", "name = source.ip"});
  EXPECT_TRUE(mentions(fields.out, "Address of the source")) << fields.out;
  EXPECT_TRUE(mentions(said({"list", "fields", "smtp.helo"}).out, "smtp.helo"));
  EXPECT_EQ(said({"list", "keywords", "--where", "nam = content"}).status, 2);
}

TEST(Terminal, obeys_columns_where_it_is_no_terminal) {
  if (find_terminal().out_is_terminal) GTEST_SKIP() << "standard output is a terminal: its own width counts";
  ::setenv("COLUMNS", "72", 1);
  EXPECT_EQ(find_terminal().width, 72U);
  ::setenv("COLUMNS", "wide", 1);
  EXPECT_EQ(find_terminal().width, 0U);
  ::unsetenv("COLUMNS");
  EXPECT_EQ(find_terminal().width, 0U);
}

}  // namespace
}  // namespace tocsin::daemon
