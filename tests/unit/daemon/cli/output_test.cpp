#include "daemon/cli/output.h"

#include <algorithm>
#include <sstream>

#include <gtest/gtest.h>
#include <boost/json.hpp>

namespace tocsin::daemon {
namespace {

constexpr Column columns[] = {{"time", "TIME", Style::time},
                              {"name", "NAME", Style::plain, false, true},
                              {"severity", "SEV", Style::severity},
                              {"note", "NOTE", Style::faint, true}};
constexpr std::string_view hostile =
    R"({"time":"2026-11-22T10:00:00Z","name":"=cmd|' /C calc'!A0\u001b[2J\nx","severity":95,"note":"a, \"b\"","list":[1,{"k":null}],"yes":"no"})";

std::string printed(OutputOptions options, std::initializer_list<std::string_view> rows) {
  std::ostringstream out;
  options.columns = columns;
  Output output(out, options);
  for (const auto row : rows) EXPECT_TRUE(output.row_json(row));
  output.finish();
  output.finish();
  return out.str();
}

OutputOptions as(Format format) {
  OutputOptions options;
  options.format = format;
  return options;
}

TEST(Output, no_format_lets_control_characters_through) {
  for (const auto format : {Format::table, Format::wide, Format::json, Format::ndjson, Format::csv, Format::yaml})
    EXPECT_EQ(printed(as(format), {hostile}).find('\x1b'), std::string::npos) << static_cast<int>(format);
}

TEST(Output, a_table_is_aligned_and_wide_shows_more) {
  EXPECT_EQ(printed(as(Format::table), {R"({"time":"2026-11-22T10:00:00.5Z","name":"ab","severity":7})",
                                        R"({"name":"c","severity":100})"}),
            "TIME                  NAME  SEV\n2026-11-22 10:00:00Z  ab    7\n                      c     100\n");
  EXPECT_NE(printed(as(Format::wide), {hostile}).find("NOTE"), std::string::npos);
}

TEST(Output, a_table_fits_the_terminal_and_without_one_nothing_is_cut) {
  const std::string row = R"({"name":")" + std::string(200, 'n') + R"(","severity":7})";
  auto narrow = as(Format::table);
  narrow.width = 60;
  std::stringstream lines(printed(narrow, {row}));
  for (std::string line; std::getline(lines, line);) EXPECT_LE(display_width(line), 60U);
  EXPECT_NE(printed(as(Format::table), {row}).find(std::string(200, 'n')), std::string::npos);
}

TEST(Output, json_is_one_list_even_when_empty_and_single_is_one_object) {
  EXPECT_EQ(printed(as(Format::json), {}), "[]\n");
  EXPECT_EQ(boost::json::parse(printed(as(Format::json), {hostile, hostile})).as_array().size(), 2U);
  auto single = as(Format::json);
  single.single = true;
  EXPECT_TRUE(boost::json::parse(printed(single, {hostile})).is_object());
}

TEST(Output, ndjson_is_one_object_a_line) {
  const auto text = printed(as(Format::ndjson), {hostile, hostile});
  EXPECT_EQ(std::ranges::count(text, '\n'), 2);
}

TEST(Output, csv_quotes_and_never_starts_a_formula) {
  const auto text = printed(as(Format::csv), {hostile, R"({"severity":-5})"});
  EXPECT_TRUE(text.starts_with("time,name,severity,note\r\n")) << text;
  EXPECT_EQ(text.find(",=cmd"), std::string::npos);
  EXPECT_NE(text.find("\"a, \"\"b\"\"\""), std::string::npos);
  EXPECT_NE(text.find(",-5,"), std::string::npos) << text;
}

TEST(Output, yaml_quotes_what_would_be_read_otherwise) {
  const auto text = printed(as(Format::yaml), {hostile});
  EXPECT_TRUE(text.starts_with("- time: \"2026-11-22T10:00:00Z\"\n")) << text;
  EXPECT_NE(text.find("\n  \"yes\": \"no\"\n"), std::string::npos) << text;
  EXPECT_NE(text.find("\n  list:\n    - 1\n    - k: null\n"), std::string::npos) << text;
}

TEST(Output, fields_choose_and_order_and_reach_inside) {
  auto chosen = as(Format::ndjson);
  chosen.fields = {"severity", "inner.a", "absent"};
  EXPECT_EQ(printed(chosen, {R"({"severity":1,"inner":{"a":"x"},"more":2})"}),
            "{\"severity\":1,\"inner.a\":\"x\",\"absent\":null}\n");
}

TEST(Output, fields_reach_into_the_items_of_lists_in_every_form) {
  constexpr std::string_view row = R"({"name":"n","list":[{"kind":"a","value":1},{"kind":"b"},7]})";
  auto chosen = as(Format::ndjson);
  chosen.fields = {"list.kind", "list.value", "list.none"};
  EXPECT_EQ(printed(chosen, {row}), "{\"list.kind\":[\"a\",\"b\"],\"list.value\":[1],\"list.none\":[]}\n");
  chosen.format = Format::csv;
  EXPECT_EQ(printed(chosen, {row}), "list.kind,list.value,list.none\r\n\"a, b\",1,\r\n");
  chosen.format = Format::table;
  EXPECT_EQ(printed(chosen, {row}), "list.kind  list.value  list.none\na, b       1           \n");
}

TEST(Output, what_is_not_an_object_is_refused) {
  std::ostringstream out;
  Output output(out, {});
  EXPECT_FALSE(output.row_json("[1]"));
  EXPECT_FALSE(output.row_json("{"));
}

TEST(Painter, severity_and_width) {
  EXPECT_EQ(severity_word(95), "critical");
  EXPECT_EQ(Painter(false)(Paint::red, "x"), "x");
  EXPECT_EQ(display_width(Painter(true)(Paint::red, "xy")), 2U);
  EXPECT_EQ(cut_to_width("abcdef", 4), "abc…");
  EXPECT_EQ(display_width(cut_to_width("ñññññ", 3)), 3U);
}

}  // namespace
}  // namespace tocsin::daemon
