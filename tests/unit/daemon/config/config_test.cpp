#include "daemon/config/config.h"

#include <algorithm>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "collectors/base/text.h"
#include "daemon/config/nearest.h"
#include "daemon/config/places.h"

namespace tocsin::daemon {
namespace {

std::string shipped() {
  std::ifstream in(TOCSIN_SOURCE_DIR "/etc/tocsin.yaml");
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

Diagnostics mistakes(std::string_view text) {
  Diagnostics diagnostics;
  EXPECT_FALSE(load_config(text, "t.yaml", diagnostics));
  return diagnostics;
}

TEST(Config, the_shipped_file_says_exactly_what_the_code_defaults_to) {
  Diagnostics diagnostics;
  const auto config = load_config(shipped(), "tocsin.yaml", diagnostics);
  for (const auto& d : diagnostics.all()) ADD_FAILURE() << render_text(d);
  ASSERT_TRUE(config);
  EXPECT_EQ(render_config(*config), render_config(Config{}));
}

TEST(Config, every_default_key_stands_in_the_shipped_file) {
  const std::string file = shipped();
  const std::string effective = render_config(Config{});
  for (const auto line : split(effective, '\n')) {
    const auto text = trim(line);
    if (text.empty()) continue;
    const auto key = text.substr(0, text.find(':') + 1);
    EXPECT_NE(file.find("\n" + std::string(line.substr(0, line.find(':') + 1))), std::string::npos) << key;
  }
}

TEST(Config, every_key_of_the_shipped_file_is_explained) {
  const std::string file = shipped();
  std::string_view before;
  std::vector<std::string> explained;
  for (const auto line : split(file, '\n')) {
    auto text = trim(line);
    if (text.starts_with("- ")) text.remove_prefix(2);
    const auto colon = text.find(':');
    if (!text.empty() && !text.starts_with('#') && colon != std::string_view::npos) {
      const bool here = trim(before).starts_with('#');
      const std::string key(text.substr(0, colon));
      if (here) explained.push_back(key);
      // Further items of a list repeat keys that the first item explained.
      EXPECT_TRUE(here || std::ranges::find(explained, key) != explained.end()) << line;
    }
    before = line;
  }
}

TEST(Config, showing_and_reading_are_inverse) {
  Config config;
  config.rules.variables["HTTP_PORTS"] = "[80,8080]";
  config.rules.placeholders["Administrators"] = {"alice", "adm-*"};
  config.rules.placeholders["Nobody"] = {};
  config.rules.lateness = std::chrono::seconds{10};
  config.rules.syntax = rules::signature::Syntax::snort3;
  config.rules.indicators.paths = {"/etc/tocsin/indicators"};
  config.rules.indicators.allow = {"example.org"};
  config.rules.indicators.window = std::chrono::minutes{5};
  config.rules.indicators.most = 10;
  config.rules.indicators.confidence = 70;
  config.rules.indicators.match = rules::indicator::Reach::exact;
  config.notify.push_back({"soc", SinkKind::mail, "a@b.c", "smtp://x:25", "t@b.c", "", 50, 3});
  config.collect.interfaces.clear();
  Diagnostics diagnostics;
  const auto again = load_config(render_config(config), "shown", diagnostics);
  ASSERT_TRUE(again) << render_text(diagnostics.all().front());
  EXPECT_EQ(render_config(*again), render_config(config));
  EXPECT_EQ(again->notify.at(0).most_per_hour, 3U);
}

TEST(Config, an_empty_file_is_the_defaults) {
  Diagnostics diagnostics;
  const auto config = load_config("", "empty", diagnostics);
  ASSERT_TRUE(config);
  EXPECT_EQ(render_config(*config), render_config(Config{}));
}

TEST(Config, an_unknown_key_is_refused_with_its_place_and_the_nearest_known_one) {
  const auto found = mistakes("host:\n  name: a\nincidents:\n  windo: 2h\n");
  ASSERT_EQ(found.all().size(), 1U);
  const auto& d = found.all().front();
  EXPECT_EQ(d.code, "C0002");
  EXPECT_EQ(d.line, 4U);
  EXPECT_EQ(d.column, 3U);
  EXPECT_NE(d.next_step.find("`window`"), std::string::npos);
}

TEST(Config, all_mistakes_are_collected) {
  const auto found = mistakes(
      "collect:\n"
      "  interfaces:\n"
      "    - {name: eth0, ring: huge}\n"
      "  journald: {enabled: perhaps}\n"
      "respond: {mode: fire}\n"
      "rules: {home_networks: [10.0.0.1/8]}\n"
      "incidents: {window: 0}\n"
      "notify: [{kind: mail}]\n"
      "store: 5\n"
      "host: {name: a, name: b}\n");
  std::string codes;
  for (const auto& d : found.all()) codes += d.code + ":" + std::to_string(d.line) + " ";
  EXPECT_EQ(codes, "C0005:10 C0003:3 C0003:4 C0003:6 C0004:7 C0003:5 C0006:8 C0006:8 C0003:9 ");
}

TEST(Config, text_that_is_not_yaml_names_the_place) {
  const auto found = mistakes("host:\n\tname: x\n");
  ASSERT_EQ(found.all().size(), 1U);
  EXPECT_EQ(found.all()[0].code, "C0001");
  EXPECT_EQ(found.all()[0].line, 2U);
}

TEST(Config, aliases_cannot_grow_without_end) {
  std::string text = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 12; ++i) {
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) text += (j == 0 ? "*a" : ",*a") + std::to_string(i - 1);
    text += "]\n";
  }
  EXPECT_EQ(mistakes(text).all().front().code, "C0001");
}

TEST(Config, deep_nesting_and_a_huge_file_are_refused) {
  EXPECT_EQ(mistakes("host: " + std::string(100, '[') + std::string(100, ']')).all().front().code, "C0001");
  EXPECT_EQ(mistakes(std::string(2U << 20U, '#')).all().front().code, "C0001");
}

TEST(Config, nothing_is_opened_to_tlp_red) {
  const auto found = mistakes(
      "notify: [{name: a, kind: syslog, address: /dev/log, max_tlp: red}]\n"
      "eve: {max_tlp: red}\n");
  ASSERT_EQ(found.all().size(), 2U);
  for (const auto& d : found.all()) {
    EXPECT_EQ(d.code, "C0004");
    EXPECT_NE(d.cause.find("TLP:RED"), std::string::npos);
  }
  Diagnostics none;
  const auto config = load_config("notify: [{name: a, kind: syslog, address: /dev/log}]\n", "test", none);
  ASSERT_TRUE(config);
  EXPECT_EQ(config->notify.front().max_tlp, rules::Tlp::amber);
}

TEST(Config, sizes_keep_their_unit) {
  EXPECT_EQ(render_byte_size(mebibytes(512)), "512MiB");
  EXPECT_EQ(render_byte_size({1000}), "1000");
  EXPECT_EQ(render_byte_size({0}), "0");
}

TEST(Nearest, finds_typing_mistakes_and_nothing_far) {
  const std::vector<std::string> words{"window", "longest", "flows_most"};
  EXPECT_EQ(nearest("windwo", words), "window");
  EXPECT_EQ(nearest("flows", words), "flows_most");
  EXPECT_EQ(nearest("colour", words), "");
  EXPECT_EQ(nearest("", words), "");
}

TEST(Places, a_build_tree_finds_its_own_data) {
  const auto nothing = [](std::string_view) { return std::optional<std::string>{}; };
  PlacesInput input{"/src/build/release/bin/tocsin", 1000,
                    [](const std::string& path) { return path == "/src/build/release/share/tocsin"; }};
  const auto places = find_places(input, nothing);
  EXPECT_EQ(places.data, "/src/build/release/share/tocsin");
  EXPECT_EQ(places.config, "/src/build/release/share/tocsin/tocsin.yaml");
}

TEST(Places, an_installed_daemon_uses_what_systemd_gives) {
  const auto unit = [](std::string_view name) -> std::optional<std::string> {
    if (name == "STATE_DIRECTORY") return "/var/lib/tocsin";
    if (name == "RUNTIME_DIRECTORY") return "/run/tocsin:/run/other";
    return std::nullopt;
  };
  PlacesInput input{"/usr/lib/tocsin/tocsin-opener", 990, [](const std::string& path) {
                      return path == "/usr/share/tocsin" || path == "/etc/tocsin/tocsin.yaml";
                    }};
  const auto places = find_places(input, unit);
  EXPECT_EQ(places.data, "/usr/share/tocsin");
  EXPECT_EQ(places.runtime, "/run/tocsin");
  Config config;
  config.file = places.config;
  config.rules.paths = {"local.rules"};
  resolve_paths(config, places);
  EXPECT_EQ(config.rules.packs.at(0), "/usr/share/tocsin/rules");
  EXPECT_EQ(config.rules.paths.at(0), "/etc/tocsin/local.rules");
  EXPECT_EQ(config.store.directory, "/var/lib/tocsin/store");
  EXPECT_EQ(config.control.socket, "/run/tocsin/control.sock");
  EXPECT_EQ(config.cache, "/var/lib/tocsin/cache");
}

TEST(Places, a_user_beside_a_running_daemon_means_that_one) {
  const auto home = [](std::string_view name) -> std::optional<std::string> {
    if (name == "HOME") return "/home/ann";
    return std::nullopt;
  };
  PlacesInput input{"/usr/bin/tocsin", 1000, [](const std::string& path) {
                      return path == "/usr/share/tocsin" || path == "/run/tocsin/control.sock";
                    }};
  auto places = find_places(input, home);
  EXPECT_EQ(places.runtime, "/run/tocsin");
  EXPECT_EQ(places.state, "/var/lib/tocsin");
  EXPECT_EQ(places.cache, "/home/ann/.cache/tocsin");
  input.exists = [](const std::string& path) { return path == "/usr/share/tocsin"; };
  places = find_places(input, home);
  EXPECT_EQ(places.state, "/home/ann/.local/state/tocsin");
}

TEST(Places, a_missing_file_says_what_to_do) {
  Diagnostics diagnostics;
  const auto config = read_config("/nonexistent/tocsin.yaml", Places{}, diagnostics);
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().code, Code::not_found);
  EXPECT_NE(config.error().message.find("--config"), std::string::npos);
}

}  // namespace
}  // namespace tocsin::daemon
