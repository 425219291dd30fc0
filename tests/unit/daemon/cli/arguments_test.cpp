#include "daemon/cli/arguments.h"

#include <gtest/gtest.h>

#include "daemon/cli/help.h"
#include "daemon/cli/shared_options.h"
#include "daemon/cli/times.h"

namespace tocsin::daemon {
namespace {

Result<void> nothing(CommandContext&) { return {}; }

constexpr Example examples[] = {{"tocsin case show 7", "show one"}};
constexpr OptionRow show_options[] = {
    {.name = "case", .kind = OptionKind::positional, .help = "which", .required = true},
    {.name = "kind", .kind = OptionKind::value, .value = "KIND", .help = "what", .choices = "red|green"},
    {.name = "rules", .kind = OptionKind::list, .value = "PATH", .help = "rules"},
    {.name = "checksums", .kind = OptionKind::value, .value = "MODE", .help = "checksums", .letter = 'k'}};
constexpr OptionRow play_options[] = {
    {.name = "rules", .kind = OptionKind::list, .value = "PATH", .help = "rules"},
    {.name = "input", .kind = OptionKind::positional_list, .help = "inputs", .required = true}};
constexpr CommandRow rows[] = {{.noun = "case",
                                .verb = "show",
                                .summary = "show a case",
                                .examples = examples,
                                .options = show_options,
                                .features = feature::output | feature::period,
                                .run = nothing},
                               {.noun = "case",
                                .verb = "close",
                                .summary = "close a case",
                                .examples = examples,
                                .options = {},
                                .features = feature::change,
                                .run = nothing},
                               {.noun = "play",
                                .verb = "",
                                .summary = "play",
                                .examples = examples,
                                .options = play_options,
                                .features = feature::output,
                                .run = nothing}};

const CommandTable table{rows};

Result<Invocation> parsed(std::vector<std::string> words) { return parse_arguments(table, words); }

TEST(Arguments, options_positionals_and_lists_arrive) {
  const auto got =
      parsed({"case", "show", "7", "--kind", "red", "-k", "none", "--rules", "a", "--rules=b", "-o", "json"});
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(full_name(*got->command), "case show");
  EXPECT_EQ(got->options.text("case"), "7");
  EXPECT_EQ(got->options.text("checksums"), "none");
  EXPECT_EQ(got->options.list("rules"), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(got->options.text("output"), "json");
}

TEST(Arguments, a_list_option_takes_one_value_and_leaves_the_inputs_alone) {
  const auto got = parsed({"play", "--rules", "r", "a.pcap", "b.pcap"});
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->options.list("rules"), std::vector<std::string>{"r"});
  EXPECT_EQ(got->options.list("input"), (std::vector<std::string>{"a.pcap", "b.pcap"}));
}

TEST(Arguments, a_time_may_start_with_a_minus) {
  const auto got = parsed({"case", "show", "7", "--since", "-2h"});
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->options.text("since"), "-2h");
}

TEST(Arguments, options_may_stand_before_the_command) {
  const auto got = parsed({"-o", "yaml", "--no-color", "case", "show", "7"});
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->options.text("output"), "yaml");
  EXPECT_TRUE(got->options.flag("no-color"));
}

TEST(Arguments, mistakes_say_what_was_meant) {
  const auto message = [](std::vector<std::string> words) {
    const auto got = parsed(std::move(words));
    EXPECT_FALSE(got);
    if (got) return std::string();
    EXPECT_EQ(got.error().code, Code::usage);
    return got.error().message;
  };
  EXPECT_NE(message({"csae", "show"}).find("`case`"), std::string::npos);
  EXPECT_NE(message({"case", "shwo"}).find("`case show`"), std::string::npos);
  EXPECT_NE(message({"case", "show", "7", "--knid", "red"}).find("`--kind`"), std::string::npos);
  EXPECT_NE(message({"case", "show", "7", "--kind", "gren"}).find("`green`"), std::string::npos);
  EXPECT_NE(message({"case", "show"}).find("needs case"), std::string::npos);
  EXPECT_NE(message({"case", "show", "7", "8"}).find("`8`"), std::string::npos);
  EXPECT_NE(message({"case"}).find("show, close"), std::string::npos);
  EXPECT_NE(message({"case", "close"}).find("--reason"), std::string::npos);
  EXPECT_EQ(message({"\x1b[31m"}).find('\x1b'), std::string::npos);
}

TEST(Arguments, a_dry_run_needs_no_reason) { EXPECT_TRUE(parsed({"case", "close", "--dry-run"})); }

TEST(Arguments, help_is_found_everywhere) {
  EXPECT_EQ(parsed({})->kind, Invocation::Kind::overview);
  EXPECT_EQ(parsed({"--help"})->kind, Invocation::Kind::overview);
  EXPECT_EQ(parsed({"--version"})->kind, Invocation::Kind::version);
  EXPECT_EQ(parsed({"case", "--help"})->noun, "case");
  EXPECT_EQ(parsed({"case", "show", "-h"})->command, table.find("case", "show"));
  EXPECT_EQ(parsed({"help", "case", "close"})->command, table.find("case", "close"));
}

TEST(Help, examples_come_before_options) {
  const auto text = render_help(*table.find("case", "show"), Painter(false));
  EXPECT_LT(text.find("Examples"), text.find("Options"));
  EXPECT_NE(text.find("--kind KIND"), std::string::npos);
}

TEST(Help, every_page_knows_every_command) {
  for (const auto& text : {render_man_page(table, "1"), render_bash_completion(table)})
    for (const auto* row : table.all()) EXPECT_NE(text.find(row->noun), std::string::npos);
  EXPECT_NE(render_man_page(table, "1").find("\\-\\-kind"), std::string::npos);
}

TEST(Times, are_read_as_people_write_them) {
  const auto now = *parse_time("2026-11-22T15:30:00Z");
  EXPECT_EQ(parse_when("-2h", now), parse_time("2026-11-22T13:30:00Z"));
  EXPECT_EQ(parse_when("1d ago", now), parse_time("2026-11-21T15:30:00Z"));
  EXPECT_EQ(parse_when("today", now), parse_time("2026-11-22T00:00:00Z"));
  EXPECT_EQ(parse_when("yesterday", now), parse_time("2026-11-21T00:00:00Z"));
  EXPECT_EQ(parse_when("2026-11-22T14:00+07:00", now), parse_time("2026-11-22T07:00:00Z"));
  EXPECT_FALSE(parse_when("2h", now));
  EXPECT_FALSE(parse_when("soon", now));
}

}  // namespace
}  // namespace tocsin::daemon
