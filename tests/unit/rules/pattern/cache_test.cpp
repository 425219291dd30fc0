#include "rules/pattern/cache.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "rules/pattern/hyperscan.h"

namespace tocsin::rules {
namespace {

namespace fs = std::filesystem;

class Cache : public testing::Test {
 protected:
  void SetUp() override {
    auto name = (fs::temp_directory_path() / "tocsin-cache-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    base_ = name;
    directory_ = (base_ / "cache").string();
  }
  void TearDown() override { fs::remove_all(base_); }
  std::size_t files() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(directory_), fs::directory_iterator{}));
  }
  fs::path only_file() const { return fs::directory_iterator(directory_)->path(); }

  fs::path base_;
  std::string directory_;
};

const std::vector<std::uint8_t> some(1000, 7);

TEST_F(Cache, gives_back_what_was_written_and_nothing_damaged) {
  const PatternCache cache(directory_);
  EXPECT_FALSE(cache.read("a"));
  cache.write("a", some);
  EXPECT_EQ(cache.read("a"), some);
  EXPECT_EQ(files(), 1U);
  {
    std::fstream file(only_file(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(500);
    file.put('x');
  }
  EXPECT_FALSE(cache.read("a"));
  fs::resize_file(only_file(), 3);
  EXPECT_FALSE(cache.read("a"));
  cache.write("a", some);
  EXPECT_EQ(cache.read("a"), some);
}

TEST_F(Cache, does_not_trust_what_others_may_write) {
  {
    const PatternCache cache(directory_);
    cache.write("a", some);
    fs::permissions(only_file(), fs::perms::group_write, fs::perm_options::add);
    EXPECT_FALSE(cache.read("a"));
    fs::permissions(only_file(), fs::perms::group_write, fs::perm_options::remove);
    EXPECT_TRUE(cache.read("a"));
  }
  fs::permissions(directory_, fs::perms::others_write, fs::perm_options::add);
  EXPECT_FALSE(PatternCache(directory_).read("a"));
  fs::permissions(directory_, fs::perms::others_write, fs::perm_options::remove);
  fs::rename(directory_, base_ / "real");
  fs::create_directory_symlink(base_ / "real", directory_);
  EXPECT_FALSE(PatternCache(directory_).read("a"));
}

TEST_F(Cache, what_was_not_used_for_longest_goes_first) {
  const PatternCache cache(directory_, 2500);
  cache.write("a", some);
  cache.write("b", some);
  const auto past = fs::file_time_type::clock::now() - std::chrono::hours(1);
  fs::last_write_time(directory_ + "/a.hsdb", past);
  fs::last_write_time(directory_ + "/b.hsdb", past);
  EXPECT_TRUE(cache.read("a"));
  cache.write("c", some);
  EXPECT_TRUE(cache.read("a"));
  EXPECT_FALSE(cache.read("b"));
  EXPECT_TRUE(cache.read("c"));
}

TEST_F(Cache, a_place_that_cannot_be_written_costs_nothing_but_time) {
  const PatternCache cache("/proc/tocsin-cache");
  cache.write("a", some);
  EXPECT_FALSE(cache.read("a"));
}

TEST_F(Cache, databases_come_back_and_match_the_same) {
  if (!hyperscan_usable()) GTEST_SKIP() << hyperscan_remark;
  const PatternCache cache(directory_);
  std::vector<std::string> texts;
  std::vector<HyperscanLiteral> literals;
  for (std::uint32_t i = 0; i < 40; ++i) texts.push_back("pattern" + std::to_string(i) + "!");
  for (std::uint32_t i = 0; i < 40; ++i) literals.push_back({i, as_bytes(texts[i]), i % 2 == 0});
  for (int round = 0; round < 2; ++round) {
    const auto database = HyperscanDatabase::compile(literals, &cache);
    ASSERT_TRUE(database);
    EXPECT_EQ(files(), 1U);
    HyperscanScratch scratch;
    database->prepare(scratch);
    std::vector<std::uint32_t> found;
    EXPECT_TRUE(database->scan(as_bytes("PATTERN4! pattern7! PATTERN7!"), scratch, found));
    EXPECT_EQ(found, (std::vector<std::uint32_t>{4, 7}));
  }
  // Another set, another file.
  literals.back().ignore_case = true;
  ASSERT_TRUE(HyperscanDatabase::compile(literals, &cache));
  EXPECT_EQ(files(), 2U);
  // Bytes that are whole and still no database are compiled anew.
  for (const auto& entry : fs::directory_iterator(directory_)) cache.write(entry.path().stem().string(), some);
  EXPECT_TRUE(HyperscanDatabase::compile(literals, &cache));
}

}  // namespace
}  // namespace tocsin::rules
