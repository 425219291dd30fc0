// Rule sets from outside: what is taken, and what a hostile archive must not do.
#include <gtest/gtest.h>

#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include <archive.h>
#include <archive_entry.h>

#include "daemon/ruleset/bundle.h"
#include "daemon/ruleset/kind.h"
#include "tests/unit/daemon/store/scratch.h"

namespace tocsin::daemon {
namespace {

struct Item {
  std::string name;
  std::string text;
  unsigned type = AE_IFREG;
  std::string link = {};
};

enum class Packing { gzip, zstd, plain, zip };

std::string pack(const std::vector<Item>& items, Packing packing = Packing::gzip) {
  std::string out(std::size_t{64} << 20, '\0');
  std::size_t used = 0;
  auto* a = archive_write_new();
  if (packing == Packing::gzip) archive_write_add_filter_gzip(a);
  if (packing == Packing::zstd) archive_write_add_filter_zstd(a);
  if (packing == Packing::zip) archive_write_set_format_zip(a);
  else archive_write_set_format_pax_restricted(a);
  archive_write_open_memory(a, out.data(), out.size(), &used);
  for (const auto& item : items) {
    auto* entry = archive_entry_new();
    archive_entry_set_pathname(entry, item.name.c_str());
    archive_entry_set_filetype(entry, item.type);
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_size(entry, static_cast<la_int64_t>(item.text.size()));
    if (item.type == AE_IFLNK) archive_entry_set_symlink(entry, item.link.c_str());
    else if (!item.link.empty()) archive_entry_set_hardlink(entry, item.link.c_str());
    archive_write_header(a, entry);
    if (!item.text.empty()) archive_write_data(a, item.text.data(), item.text.size());
    archive_entry_free(entry);
  }
  archive_write_close(a);
  archive_write_free(a);
  out.resize(used);
  return out;
}

const Item rule{"rules/a.rules", "alert ip any any -> any any (sid:1;)\n"};

TEST(Bundle, archives_of_all_kinds) {
  const std::vector<Item> items{{"rules", "", AE_IFDIR},
                                rule,
                                {"./rules/classification.config", "config classification: x,y,1\n"},
                                {"rules/LICENSE", "words"},
                                {"rules/tuning.yaml", "tuning: []"},
                                {"rules/threshold.config", "suppress"},
                                {"rules/list.lst", "x"}};
  for (const auto packing : {Packing::gzip, Packing::zstd, Packing::plain, Packing::zip}) {
    const auto bundle = unpack_bundle(as_bytes(pack(items, packing)));
    ASSERT_TRUE(bundle) << bundle.error().message;
    ASSERT_EQ(bundle->files.size(), 3U);
    EXPECT_EQ(bundle->files[0].name, "rules/a.rules");
    EXPECT_EQ(bundle->files[0].text, rule.text);
    EXPECT_EQ(bundle->ignored, 1U);
    EXPECT_EQ(bundle->left_out, (std::vector<std::string>{"rules/tuning.yaml", "rules/threshold.config"}));
  }
}

TEST(Bundle, an_archive_that_leads_out_is_refused_whole) {
  const std::vector<Item> hostile{{"../a.rules", "x"},
                                  {"/etc/a.rules", "x"},
                                  {"rules/../../a.rules", "x"},
                                  {"rules//a.rules", "x"},
                                  {"a\nb.rules", "x"},
                                  {"a\\b.rules", "x"},
                                  {std::string(300, 'a') + ".rules", "x"},
                                  {"1/2/3/4/5/6/7/8/9.rules", "x"},
                                  {"b.rules", "", AE_IFLNK, "/etc/passwd"},
                                  {"b.rules", "", AE_IFREG, "rules/a.rules"},
                                  {"b.rules", "", AE_IFIFO},
                                  {"b.rules", "", AE_IFCHR}};
  for (const auto& item : hostile) {
    const auto bundle = unpack_bundle(as_bytes(pack({rule, item})));
    ASSERT_FALSE(bundle) << item.name;
    EXPECT_EQ(bundle.error().code, Code::invalid) << item.name;
  }
}

TEST(Bundle, bombs_end_at_the_limits) {
  BundleLimits limits;
  limits.bytes = 1U << 20;
  limits.file = 512U << 10;
  limits.files = 10;
  const std::string zeros(3U << 20, '0');
  // What is not wanted counts as well: it is unpacked all the same.
  for (const auto& bomb : {std::vector<Item>{rule, {"b.rules", zeros}}, std::vector<Item>{rule, {"b.bin", zeros}},
                           std::vector<Item>(11, rule)}) {
    const auto bundle = unpack_bundle(as_bytes(pack(bomb)), limits);
    ASSERT_FALSE(bundle);
    EXPECT_EQ(bundle.error().code, Code::exhausted) << bundle.error().message;
  }
  limits.archive = 10;
  EXPECT_EQ(unpack_bundle(as_bytes(pack({rule})), limits).error().code, Code::exhausted);
}

TEST(Bundle, damaged_truncated_or_empty) {
  const auto good = pack({rule, {"b.rules", std::string(10000, 'x')}});
  for (std::size_t length = 0; length + 1 < good.size(); length += 7)
    EXPECT_FALSE(unpack_bundle(as_bytes(good.substr(0, length)))) << length;
  EXPECT_FALSE(unpack_bundle(as_bytes(std::string("not an archive"))));
  EXPECT_EQ(unpack_bundle(as_bytes(pack({{"README", "x"}}))).error().code, Code::invalid);
  EXPECT_EQ(unpack_bundle(as_bytes(pack({rule, rule}))).error().code, Code::invalid);  // twice
  for (std::size_t i = 0; i < good.size(); i += 3) {
    auto bent = good;
    bent[i] = static_cast<char>(bent[i] ^ 0x55);
    (void)unpack_bundle(as_bytes(bent));  // any answer, no harm
  }
}

TEST(Bundle, a_directory_without_following_links) {
  const samples::Scratch scratch;
  const auto root = scratch.path() / "set";
  std::filesystem::create_directories(root / "deep");
  std::ofstream(root / "deep/a.rules") << rule.text;
  std::ofstream(scratch.path() / "outside.rules") << "x";
  std::filesystem::create_symlink(scratch.path() / "outside.rules", root / "b.rules");
  std::filesystem::create_directory_symlink(scratch.path(), root / "all");
  ::mkfifo((root / "c.rules").c_str(), 0600);
  const auto bundle = read_bundle(root);
  ASSERT_TRUE(bundle) << bundle.error().message;
  ASSERT_EQ(bundle->files.size(), 1U);
  EXPECT_EQ(bundle->files[0].name, "deep/a.rules");
  EXPECT_FALSE(read_bundle(scratch.path() / "nothing"));
}

TEST(Bundle, kinds) {
  EXPECT_EQ(kind_in_set("x/tuning.yaml"), KindInSet::local);
  EXPECT_EQ(kind_in_set("a.test.yaml"), KindInSet::other);
  EXPECT_EQ(kind_in_set("a.yar"), KindInSet::rules);
  EXPECT_EQ(kind_in_set(".hidden.rules"), KindInSet::other);
}

}  // namespace
}  // namespace tocsin::daemon
