// Generations on disk, and two loads held against each other.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "daemon/ruleset/compare.h"
#include "daemon/ruleset/fetch.h"
#include "daemon/ruleset/shelf.h"
#include "tests/unit/daemon/store/scratch.h"

namespace tocsin::daemon {
namespace {

namespace fs = std::filesystem;

std::string text_of(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(Shelf, installs_goes_back_and_forgets) {
  const samples::Scratch scratch;
  SetShelf shelf((scratch.path() / "rules").string());
  EXPECT_TRUE(shelf.names().empty());
  for (std::uint64_t i = 1; i <= 6; ++i) {
    SetManifest manifest;
    manifest.source = "here";
    manifest.rules = i;
    const auto got = shelf.install("ours", {{"sub/a.rules", std::to_string(i)}}, manifest);
    ASSERT_TRUE(got) << got.error().message;
    EXPECT_EQ(*got, i);
    EXPECT_EQ(text_of(shelf.current("ours") + "/sub/a.rules"), std::to_string(i));
  }
  EXPECT_EQ(shelf.names(), std::vector<std::string>{"ours"});
  EXPECT_EQ(shelf.generations("ours").size(), 1 + SetShelf::kept_most);
  ASSERT_TRUE(shelf.use("ours", 4));
  EXPECT_EQ(shelf.manifest("ours")->rules, 4U);
  EXPECT_EQ(shelf.use("ours", 1).error().code, Code::not_found);
  ASSERT_TRUE(shelf.withdraw("ours", 6, 5));
  EXPECT_EQ(shelf.manifest("ours")->generation, 5U);
  EXPECT_EQ(*shelf.install("ours", {{"a.rules", "7"}}, {}), 6U);
  // The first generation taken back leaves nothing behind.
  ASSERT_TRUE(shelf.install("new", {{"a.rules", "1"}}, {}));
  ASSERT_TRUE(shelf.withdraw("new", 1, 0));
  EXPECT_EQ(shelf.names(), std::vector<std::string>{"ours"});
  EXPECT_FALSE(fs::exists(scratch.path() / "rules/new"));
}

TEST(Shelf, what_was_cut_off_or_bent_is_not_used) {
  const samples::Scratch scratch;
  SetShelf shelf(scratch.path().string());
  ASSERT_TRUE(shelf.install("ours", {{"a.rules", "1"}}, {}));
  fs::create_directories(scratch.path() / "ours/draft");
  std::ofstream(scratch.path() / "ours/draft/b.rules") << "left";
  ASSERT_TRUE(shelf.install("ours", {{"a.rules", "2"}}, {}));
  EXPECT_FALSE(fs::exists(shelf.current("ours") + "/b.rules"));
  fs::remove(scratch.path() / "ours/current");
  fs::create_symlink("/etc", scratch.path() / "ours/current");
  EXPECT_TRUE(shelf.current("ours").empty());
  EXPECT_TRUE(shelf.current_paths().empty());
  for (const char* bad : {"", "..", "a/b", "UP", "a b"}) {
    EXPECT_FALSE(SetShelf::good_name(bad));
    EXPECT_FALSE(shelf.install(bad, {{"a.rules", "1"}}, {}));
  }
  EXPECT_FALSE(shelf.install("ours", {{"../a.rules", "1"}}, {}));
}

TEST(Shelf, manifests) {
  SetManifest manifest{3, "https://x/\n\"", "\"e\"", "ab", "alice", "why", Time{std::chrono::seconds(5)}, 2, 7};
  const auto again = parse_manifest(render_manifest(manifest));
  ASSERT_TRUE(again);
  EXPECT_EQ(render_manifest(*again), render_manifest(manifest));
  EXPECT_FALSE(parse_manifest("["));
  EXPECT_TRUE(parse_manifest("{\"generation\": -1, \"who\": 5}"));
}

TEST(Compare, what_differs_is_named_once) {
  RuleListing before, after;
  const auto put = [](RuleListing& list, const char* id, const char* revision, bool enabled, std::uint64_t text) {
    list.rules[id] = {revision, "title", "a.rules", enabled, text};
    if (enabled) ++list.loaded;
  };
  put(before, "same", "1", true, 1), put(after, "same", "1", true, 1);
  put(before, "rev", "1", true, 1), put(after, "rev", "2", true, 2);
  put(before, "text", "1", true, 1), put(after, "text", "1", true, 2);
  put(before, "on", "1", false, 1), put(after, "on", "1", true, 1);
  put(before, "off", "1", true, 1), put(after, "off", "1", false, 1);
  put(before, "gone", "1", true, 1), put(before, "gone-off", "1", false, 1);
  put(after, "new", "1", true, 1), put(after, "new-off", "1", false, 1);
  after.refused["a"] = {Severity::error, "S0301", "/x/a.rules", 4, 1, "1:9", "the keyword", ""};
  const auto compared = compare_rules(before, after);
  std::vector<std::string> seen;
  for (const auto& one : compared.differences)
    seen.push_back(std::string(rule_change_name(one.change)) + " " + one.rule);
  EXPECT_EQ(seen, (std::vector<std::string>{"added new", "removed gone", "changed rev", "changed text", "enabled on",
                                            "disabled off", "refused 1:9"}));
  EXPECT_EQ(compared.loaded_before, 5U);
}

TEST(Compare, commented_signatures_are_listed) {
  RuleListing list;
  list_commented(
      {{"x/a.rules",
        "#alert ip any any -> any any (msg:\"Off\"; sid:7; rev:3;)\nalert ip any any -> any any (sid:8;)\n# words\n"}},
      list);
  ASSERT_EQ(list.rules.size(), 1U);
  EXPECT_EQ(list.rules["1:7"].revision, "3");
  EXPECT_EQ(list.rules["1:7"].title, "Off");
  EXPECT_FALSE(list.rules["1:7"].enabled);
}

TEST(Compare, much_worse) {
  EXPECT_TRUE(much_worse({1000, 0}, {1000, 20}).empty());
  EXPECT_FALSE(much_worse({1000, 0}, {1000, 21}).empty());
  EXPECT_TRUE(much_worse({10000, 5}, {10000, 205}).empty());
  EXPECT_FALSE(much_worse({10000, 5}, {10000, 206}).empty());
  EXPECT_TRUE(much_worse({900, 0}, {600, 0}).empty());
  EXPECT_FALSE(much_worse({900, 0}, {599, 0}).empty());
  EXPECT_TRUE(much_worse({0, 0}, {0, 0}).empty());
}

TEST(Fetch, only_what_a_server_has) {
  EXPECT_TRUE(is_url("https://example.org/x"));
  EXPECT_FALSE(is_url("file:///etc/passwd"));
  FetchRequest request;
  for (const char* url : {"file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1/", "http://"}) {
    request.url = url;
    EXPECT_FALSE(fetch(request)) << url;
  }
}

}  // namespace
}  // namespace tocsin::daemon
