// Screens for people against tests/golden/cli; TOCSIN_UPDATE=1 rewrites the expected ones.
#include <cstdlib>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>
#include <boost/json.hpp>

#include "daemon/cli/alert_view.h"
#include "daemon/cli/incident_view.h"
#include "daemon/cli/output.h"
#include "daemon/cli/screen.h"
#include "daemon/cli/sections_view.h"

namespace tocsin::daemon {
namespace {

const std::string folder = TOCSIN_SOURCE_DIR "/tests/golden/cli/";

std::string read_text(const std::string& path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

using Draw = void (*)(Output&, const boost::json::object&);

std::string drawn(Draw draw, const std::string& input, Format format, std::size_t width, bool color = false) {
  std::ostringstream out;
  OutputOptions options;
  options.format = format;
  options.width = width;
  options.color = color;
  Output output(out, options);
  draw(output, boost::json::parse(read_text(folder + input)).get_object());
  return out.str();
}

void compare(const std::string& name, const std::string& text) {
  if (std::getenv("TOCSIN_UPDATE") != nullptr) std::ofstream(folder + name) << text;
  EXPECT_EQ(read_text(folder + name), text) << "if this is right: TOCSIN_UPDATE=1 and look at the difference";
}

TEST(Screens, an_incident_on_a_wide_terminal) {
  compare("incident.txt", drawn(draw_incident, "incident.json", Format::table, 120));
}
TEST(Screens, an_incident_on_a_narrow_terminal) {
  const auto text = drawn(draw_incident, "incident.json", Format::table, 72);
  compare("incident-72.txt", text);
  std::stringstream lines(text);
  for (std::string line; std::getline(lines, line);)
    if (!line.contains("$ tocsin")) {
      EXPECT_LE(display_width(line), 72U) << line;
    }
}
TEST(Screens, an_incident_with_everything) {
  compare("incident-wide.txt", drawn(draw_incident, "incident.json", Format::wide, 0));
}
TEST(Screens, an_alert) { compare("alert.txt", drawn(draw_alert, "alert.json", Format::table, 100)); }
TEST(Screens, the_status) { compare("status.txt", drawn(draw_sections, "status.json", Format::table, 100)); }

TEST(Screens, nothing_from_outside_controls_the_terminal) {
  for (const bool color : {false, true}) {
    const auto text = drawn(draw_incident, "incident.json", Format::wide, 80, color);
    EXPECT_EQ(text.find("\x1b[2J"), std::string::npos);
    EXPECT_EQ(text.find("\xe2\x80\xae"), std::string::npos);
    EXPECT_NE(text.find("\\x1b[2J"), std::string::npos);
    if (!color) {
      EXPECT_EQ(text.find('\x1b'), std::string::npos);
    }
  }
}

TEST(Screens, a_row_with_nothing_in_it_is_no_reason_to_fail) {
  std::ostringstream out;
  Output output(out, {});
  draw_incident(output, {});
  draw_alert(output, {});
  draw_sections(output, {});
  const auto odd =
      boost::json::parse(R"({"timeline":[1,{"time":5,"why":["x"]}],"alerts":"many","entities":[{}],"playbooks":[[]]})");
  draw_incident(output, odd.get_object());
  EXPECT_FALSE(out.str().empty());
}

TEST(Fold, breaks_at_words_and_cuts_only_what_is_longer_than_a_line) {
  EXPECT_EQ(fold("one two three", 7), (std::vector<std::string>{"one two", "three"}));
  EXPECT_EQ(fold("abcdefghij", 4), (std::vector<std::string>{"abcd", "efgh", "ij"}));
  EXPECT_EQ(fold("añb çd", 3), (std::vector<std::string>{"añb", "çd"}));
  EXPECT_EQ(fold("any length", 0).size(), 1U);
}

}  // namespace
}  // namespace tocsin::daemon
