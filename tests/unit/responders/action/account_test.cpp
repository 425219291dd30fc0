// Accounts, keys and cron in a folder that stands for the host's root: what is undone is byte for byte as it was.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "responders/action/accounts/shadow.h"
#include "responders/action/cron_disable/cron_disable.h"
#include "responders/action/ssh_revoke_key/authorized_keys.h"
#include "responders/action/ssh_revoke_key/ssh_revoke_key.h"
#include "responders/action/table.h"
#include "responders/action/user_expire/user_expire.h"
#include "responders/action/user_lock/user_lock.h"

namespace tocsin::responders {
namespace {

constexpr const char* shadow_text =
    "root:*:19000:0:99999:7:::\n"
    "ann:$6$salt$hash:19000:0:99999:7:::\n"
    "anna:!$6$salt$hash:19000:0:99999:7::20000:\n"
    "broken:x\n";
constexpr const char* key_one = "AAAAC3NzaC1lZDI1NTE5AAAAIAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g";
constexpr const char* key_two = "AAAAC3NzaC1lZDI1NTE5AAAAICAfHh0cGxoZGBcWFRQTEhEQDw4NDAsKCQgHBgUEAwIB";

class AccountTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = "/tmp/tocsin-test-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    root_ = name;
    std::filesystem::create_directories(root_ + "/etc/cron.d");
    write("/etc/shadow", shadow_text, 0640);
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  void write(const std::string& path, const std::string& text, mode_t mode) {
    std::ofstream(root_ + path, std::ios::trunc) << text;
    ::chmod((root_ + path).c_str(), mode);
    ::setxattr((root_ + path).c_str(), "user.note", "kept", 4, 0);
    const std::array<timespec, 2> times{{{1'700'000'000, 111}, {1'700'000'001, 222}}};
    ::utimensat(AT_FDCWD, (root_ + path).c_str(), times.data(), 0);
  }
  std::string text(const std::string& path) const {
    std::ifstream file(root_ + path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  // Everything but where it lies: content, owner, mode, times, attribute.
  std::string whole(const std::string& path) const {
    struct stat status{};
    if (::lstat((root_ + path).c_str(), &status) != 0) return "none";
    std::string attribute(16, '\0');
    const ssize_t size = ::getxattr((root_ + path).c_str(), "user.note", attribute.data(), attribute.size());
    attribute.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
    return text(path) + "|" + std::to_string(status.st_mode) + "|" + std::to_string(status.st_uid) + "|" +
           std::to_string(status.st_gid) + "|" + std::to_string(status.st_mtim.tv_sec) + "." +
           std::to_string(status.st_mtim.tv_nsec) + "|" + attribute;
  }
  ActionEnvironment environment() {
    ActionEnvironment out{clock_, random_, root_ + "/quarantine", {}};
    out.before_directory = root_ + "/before";
    out.evidence_directory = root_ + "/evidence";
    out.root = root_;
    return out;
  }
  static Parameters given(const Action& action, const Parameters::Texts& texts) {
    return parse_parameters(action.spec(), texts).value();
  }

  std::string root_;
  ManualClock clock_;
  SeededRandom random_{1};
};

TEST_F(AccountTest, a_lock_is_undone_to_the_same_text) {
  const auto lock = make_user_lock(environment());
  const Parameters ann = given(*lock, {{"account", "ann"}});
  EXPECT_EQ(lock->verify(ann, "k")->presence, Presence::absent);
  ASSERT_TRUE(lock->apply(ann, "k").has_value());
  EXPECT_NE(text("/etc/shadow").find("\nann:!$6$salt$hash:"), std::string::npos);
  EXPECT_EQ(lock->verify(ann, "k")->presence, Presence::in_effect);
  EXPECT_EQ(lock->apply(ann, "k")->state, Outcome::State::already);
  struct stat status{};
  ASSERT_EQ(::stat((root_ + "/etc/shadow").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0640U);
  EXPECT_TRUE(lock->undo(ann, "k", {}).has_value());
  EXPECT_EQ(text("/etc/shadow"), shadow_text);
  EXPECT_TRUE(lock->undo(ann, "k", {}).has_value());
  EXPECT_EQ(text("/etc/shadow"), shadow_text);
  EXPECT_TRUE(std::filesystem::is_empty(root_ + "/before"));
}

TEST_F(AccountTest, what_was_locked_before_stays_so) {
  const auto lock = make_user_lock(environment());
  const Parameters anna = given(*lock, {{"account", "anna"}});
  EXPECT_EQ(lock->apply(anna, "k")->state, Outcome::State::already);
  EXPECT_TRUE(lock->undo(anna, "k", {}).has_value());
  EXPECT_EQ(text("/etc/shadow"), shadow_text);
  for (const char* account : {"nobody-here", "broken"})
    EXPECT_EQ(lock->apply(given(*lock, {{"account", account}}), "k").error().code, Code::not_found) << account;
  for (const char* account : {"", "a:b", "-x", "../x", "a b", "a\nb"})
    EXPECT_FALSE(parse_parameters(lock->spec(), {{"account", account}}).has_value()) << account;
}

TEST_F(AccountTest, what_somebody_changed_since_is_theirs) {
  const auto lock = make_user_lock(environment());
  const Parameters ann = given(*lock, {{"account", "ann"}});
  ASSERT_TRUE(lock->apply(ann, "k").has_value());
  const std::string since = "ann:$6$other$one:19001:0:99999:7:::\n";
  write("/etc/shadow", since, 0640);
  EXPECT_EQ(lock->verify(ann, "k")->presence, Presence::changed);
  EXPECT_TRUE(lock->undo(ann, "k", {}).has_value());
  EXPECT_EQ(text("/etc/shadow"), since);
}

TEST_F(AccountTest, an_account_ends_and_has_its_end_back) {
  const auto expire = make_user_expire(environment());
  for (const char* account : {"ann", "anna"}) {
    const Parameters asked = given(*expire, {{"account", account}});
    ASSERT_TRUE(expire->apply(asked, "k").has_value());
    EXPECT_EQ(Shadow(root_).read(account)->expires, "1");
    EXPECT_TRUE(expire->undo(asked, "k", {}).has_value());
    EXPECT_EQ(text("/etc/shadow"), shadow_text);
  }
}

TEST_F(AccountTest, a_key_is_taken_out_and_given_back_byte_for_byte) {
  const passwd* self = ::getpwuid(::geteuid());
  ASSERT_NE(self, nullptr);
  const std::string home = self->pw_dir;
  std::filesystem::create_directories(root_ + home + "/.ssh");
  const std::string path = home + "/.ssh/authorized_keys";
  const std::string keys = std::string("# mine\nssh-ed25519 ") + key_one +
                           " a\nfrom=\"10.0.0.0/8\",command=\"a b\" ssh-ed25519 " + key_two +
                           " b";  // no newline at the end
  write(path, keys, 0600);
  const std::string before = whole(path);
  const auto revoke = make_ssh_revoke_key(environment());
  for (const char* key : {key_one, key_two}) {
    const auto fingerprint = fingerprint_of(std::string("ssh-ed25519 ") + key);
    ASSERT_TRUE(fingerprint.has_value());
    const Parameters asked = given(*revoke, {{"account", self->pw_name}, {"fingerprint", *fingerprint}});
    ASSERT_TRUE(revoke->apply(asked, "k").has_value());
    EXPECT_FALSE(revoke_key(text(path), *fingerprint).has_value());
    EXPECT_EQ(revoke->verify(asked, "k")->presence, Presence::in_effect);
    EXPECT_EQ(revoke->apply(asked, "k")->state, Outcome::State::already);
    EXPECT_TRUE(revoke->undo(asked, "k", {}).has_value());
    EXPECT_EQ(whole(path), before);
  }
  // Keys added since stay.
  const auto fingerprint = *fingerprint_of(std::string("ssh-ed25519 ") + key_one);
  const Parameters asked = given(*revoke, {{"account", self->pw_name}, {"fingerprint", fingerprint}});
  ASSERT_TRUE(revoke->apply(asked, "k").has_value());
  std::ofstream(root_ + path, std::ios::app) << "\nssh-ed25519 AAAAnew c\n";
  EXPECT_TRUE(revoke->undo(asked, "k", {}).has_value());
  EXPECT_EQ(text(path), keys + "\nssh-ed25519 AAAAnew c\n");
  // A link in the way leads nowhere.
  std::filesystem::remove(root_ + path);
  std::filesystem::create_symlink(root_ + "/etc/shadow", root_ + path);
  EXPECT_EQ(revoke->apply(asked, "k2").error().code, Code::denied);
}

TEST_F(AccountTest, a_cron_table_is_taken_away_and_put_back) {
  write("/etc/cron.d/job", "* * * * * root /tmp/x\n", 0644);
  const std::string before = whole("/etc/cron.d/job");
  const auto disable = make_cron_disable(environment());
  const Parameters job = given(*disable, {{"file", "cron.d/job"}});
  ASSERT_TRUE(disable->apply(job, "k").has_value());
  EXPECT_EQ(whole("/etc/cron.d/job"), "none");
  EXPECT_EQ(disable->verify(job, "k")->presence, Presence::in_effect);
  EXPECT_TRUE(disable->undo(job, "k", {}).has_value());
  EXPECT_EQ(whole("/etc/cron.d/job"), before);
  for (const char* file : {"crontab", "../etc/shadow", "cron.d/", "cron.d/..", "cron.d/a/b", "systemd/x"})
    EXPECT_EQ(disable->apply(given(*disable, {{"file", file}}), "x").error().code, Code::invalid) << file;
}

TEST_F(AccountTest, triage_is_whole_or_not_there) {
  const auto triage = find_action("collect.triage")->make(environment());
  const Parameters self = given(*triage, {{"pid", std::to_string(::getpid())}});
  EXPECT_EQ(triage->verify(self, "k")->presence, Presence::absent);
  const auto done = triage->apply(self, "k");
  ASSERT_TRUE(done.has_value()) << done.error().text();
  EXPECT_EQ(triage->verify(self, "k")->presence, Presence::in_effect);
  const std::string folder = done->outputs.front().second;
  for (const char* name : {"manifest.json", "processes.txt", "tcp4.txt"})
    EXPECT_TRUE(std::filesystem::exists(folder + "/" + name));
  std::ifstream names(folder + "/process-" + std::to_string(::getpid()) + "-environment-names.txt");
  const std::string held{std::istreambuf_iterator<char>(names), {}};
  EXPECT_EQ(held.find('='), std::string::npos);
}

TEST(AuthorizedKeys, comments_and_nonsense_are_no_keys) {
  for (const char* line : {"", "# ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g",
                           "ssh-ed25519", "ssh-ed25519 AAAA", "ssh-ed25519 AAAA!!!!"})
    EXPECT_FALSE(fingerprint_of(line).has_value()) << line;
  EXPECT_EQ(restore_key("a\nb", "SHA256:x"), "a\nb");
  EXPECT_FALSE(revoke_key("", "SHA256:x").has_value());
}

TEST(ShadowText, only_the_one_field_changes) {
  EXPECT_EQ(change_field(shadow_text, "ann", 7, "1").value().size(), std::string(shadow_text).size() + 1);
  EXPECT_FALSE(change_field(shadow_text, "ann", 7, "1:2").has_value());
  EXPECT_FALSE(change_field(shadow_text, "ann", 7, "1\nx").has_value());
  EXPECT_FALSE(change_field(shadow_text, "an", 1, "x").has_value());
  EXPECT_FALSE(change_field(shadow_text, "broken", 1, "x").has_value());
  EXPECT_FALSE(change_field("", "ann", 1, "x").has_value());
}

}  // namespace
}  // namespace tocsin::responders
