#include "responders/action/file_quarantine/file_quarantine.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "responders/action/file_quarantine/manifest.h"

namespace tocsin::responders {
namespace {

class FileQuarantine : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = "/tmp/tocsin-test-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = std::filesystem::canonical(name);
    action_ = make_file_quarantine({clock_, random_, (folder_ / "quarantine").string(), {}});
    path_ = (folder_ / "x.php").string();
    std::ofstream(path_) << "<?php system($_GET['c']);";
    ::chmod(path_.c_str(), 0640);
    const std::array<timespec, 2> times{{{1'000'000'000, 5}, {1'100'000'000, 7}}};
    ::utimensat(AT_FDCWD, path_.c_str(), times.data(), 0);
    has_attribute_ = ::setxattr(path_.c_str(), "user.mark", "\0\1", 2, 0) == 0;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  Parameters parameters(std::string sha256 = {}) {
    return parse_parameters(action_->spec(), {{"path", path_}, {"sha256", std::move(sha256)}}).value();
  }
  static std::string content(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  struct stat look() {
    struct stat status{};
    EXPECT_EQ(::stat(path_.c_str(), &status), 0);
    return status;
  }

  ManualClock clock_;
  SeededRandom random_{1};
  std::filesystem::path folder_;
  std::string path_;
  std::unique_ptr<Action> action_;
  bool has_attribute_ = false;
};

// As systemd has it: a unit's state directory is a mount of its own, on the same file system.
TEST_F(FileQuarantine, gives_back_across_mounts_of_one_file_system) {
  constexpr int not_allowed = 77;
  const std::string quarantine = (folder_ / "quarantine").string();
  std::filesystem::create_directory(quarantine);
  ::chmod(path_.c_str(), 04750);
  const struct stat before = look();
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    if (::unshare(CLONE_NEWNS) != 0 || ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount(quarantine.c_str(), quarantine.c_str(), nullptr, MS_BIND, nullptr) != 0)
      ::_exit(not_allowed);
    if (!action_->apply(parameters(), "k") || std::filesystem::exists(path_)) ::_exit(1);
    const auto undone = action_->undo(parameters(), "k", {});
    if (!undone) std::fprintf(stderr, "%s\n", undone.error().text().c_str());
    ::_exit(undone ? 0 : 2);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  if (WEXITSTATUS(status) == not_allowed) GTEST_SKIP() << "needs a mount namespace of its own";
  EXPECT_EQ(WEXITSTATUS(status), 0);
  const struct stat after = look();
  EXPECT_EQ(after.st_mode, before.st_mode);
  EXPECT_EQ(after.st_mtim.tv_nsec, 7);
  EXPECT_EQ(content(path_), "<?php system($_GET['c']);");
}

TEST_F(FileQuarantine, takes_and_gives_back_byte_for_byte) {
  const struct stat before = look();
  const auto forecast = action_->rehearse(parameters());
  ASSERT_TRUE(forecast.has_value());
  EXPECT_TRUE(std::filesystem::exists(path_));
  const auto outcome = action_->apply(parameters(), "key-1");
  ASSERT_TRUE(outcome.has_value()) << outcome.error().text();
  EXPECT_FALSE(std::filesystem::exists(path_));
  EXPECT_EQ(action_->verify(parameters(), "key-1")->presence, Presence::in_effect);
  EXPECT_EQ(action_->apply(parameters(), "key-1")->state, Outcome::State::already);
  const auto undone = action_->undo(parameters(), "key-1", {});
  ASSERT_TRUE(undone.has_value()) << undone.error().text();
  const struct stat after = look();
  EXPECT_EQ(after.st_mode, before.st_mode);
  EXPECT_EQ(after.st_uid, before.st_uid);
  EXPECT_EQ(after.st_ino, before.st_ino);
  EXPECT_EQ(after.st_mtim.tv_sec, 1'100'000'000);
  EXPECT_EQ(after.st_mtim.tv_nsec, 7);
  EXPECT_EQ(after.st_atim.tv_sec, 1'000'000'000);
  if (has_attribute_) {
    std::array<char, 8> value{};
    EXPECT_EQ(::getxattr(path_.c_str(), "user.mark", value.data(), value.size()), 2);
  }
  EXPECT_EQ(content(path_), "<?php system($_GET['c']);");
  EXPECT_TRUE(action_->undo(parameters(), "key-1", {}).has_value());
  EXPECT_EQ(action_->apply(parameters(), "key-1").error().code, Code::conflict);
}

TEST_F(FileQuarantine, follows_no_link_and_takes_only_regular_files) {
  const std::string target = (folder_ / "target").string();
  std::ofstream(target) << "precious";
  std::filesystem::remove(path_);
  std::filesystem::create_symlink(target, path_);
  EXPECT_EQ(action_->apply(parameters(), "a").error().code, Code::denied);
  std::filesystem::remove(path_);
  std::filesystem::create_directory(folder_ / "real");
  std::ofstream((folder_ / "real/x.php").string()) << "x";
  std::filesystem::create_directory_symlink(folder_ / "real", folder_ / "link");
  path_ = (folder_ / "link/x.php").string();
  EXPECT_EQ(action_->apply(parameters(), "b").error().code, Code::denied);
  path_ = (folder_ / "pipe").string();
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  EXPECT_EQ(action_->apply(parameters(), "c").error().code, Code::denied);
  EXPECT_TRUE(std::filesystem::exists(target));
}

TEST_F(FileQuarantine, only_the_file_that_was_found) {
  EXPECT_EQ(action_->apply(parameters(std::string(64, '0')), "a").error().code, Code::conflict);
  EXPECT_TRUE(std::filesystem::exists(path_));
}

TEST_F(FileQuarantine, does_not_overwrite_what_came_after) {
  ASSERT_TRUE(action_->apply(parameters(), "a").has_value());
  std::ofstream(path_) << "new upload";
  EXPECT_EQ(action_->verify(parameters(), "a")->presence, Presence::changed);
  EXPECT_EQ(action_->undo(parameters(), "a", {}).error().code, Code::conflict);
  EXPECT_EQ(content(path_), "new upload");
}

TEST(QuarantineManifest, survives_any_bytes_and_refuses_damage) {
  QuarantineManifest manifest;
  manifest.key = "k";
  manifest.path = "/srv/\xff\"\n.php";
  manifest.sha256 = std::string(64, 'a');
  manifest.attributes = {{"user.\xfe", std::string("\0\x01", 2)}};
  const std::string text = render_manifest(manifest);
  EXPECT_EQ(parse_manifest(text).value(), manifest);
  for (std::size_t i = 0; i + 2 < text.size(); i += 7) EXPECT_FALSE(parse_manifest(text.substr(0, i)).has_value());
}

}  // namespace
}  // namespace tocsin::responders
