#pragma once
// A guard that is killed before its n-th mutating system call, for every n there is; crash_test.cpp and
// crash_ends_test.cpp go through the actions.

#include <gtest/gtest.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <set>

#include "responders/action/table.h"
#include "responders/guard/guard.h"

namespace tocsin::responders {

namespace fs = std::filesystem;

class NoFacts final : public HostFacts {
 public:
  Result<std::vector<ProtectedNetwork>> protected_networks(const Policy&) override {
    return std::vector<ProtectedNetwork>{};
  }
  std::vector<IpAddress> login_addresses(int) override { return {}; }
};

// What changes a disk, the kernel's tables or another process.
inline bool is_mutating(long number) {
  static const std::set<long> all{SYS_write,     SYS_pwrite64,  SYS_rename,    SYS_renameat,  SYS_renameat2,
                                  SYS_unlink,    SYS_unlinkat,  SYS_mkdir,     SYS_mkdirat,   SYS_fchmod,
                                  SYS_fchmodat,  SYS_fchown,    SYS_fsetxattr, SYS_utimensat, SYS_fsync,
                                  SYS_fdatasync, SYS_ftruncate, SYS_sendmsg,   SYS_sendto,    SYS_pidfd_send_signal};
  return all.contains(number);
}

// Runs `work` in a process of its own; kills it before its n-th mutating system call. False: it had fewer, and ended.
inline bool run_and_kill(const std::function<void()>& work, int n) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
    ::raise(SIGSTOP);
    work();
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ::ptrace(PTRACE_SETOPTIONS, child, nullptr, PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD);
  int seen = 0;
  bool entering = false;
  while (true) {
    ::ptrace(PTRACE_SYSCALL, child, nullptr, nullptr);
    ::waitpid(child, &status, 0);
    if (WIFEXITED(status) || WIFSIGNALED(status)) return false;
    if (!WIFSTOPPED(status) || WSTOPSIG(status) != (SIGTRAP | 0x80)) continue;
    entering = !entering;
    if (!entering) continue;
    user_regs_struct registers{};
    ::ptrace(PTRACE_GETREGS, child, nullptr, &registers);
    if (!is_mutating(static_cast<long>(registers.orig_rax)) || ++seen < n) continue;
    ::kill(child, SIGKILL);
    ::waitpid(child, &status, 0);
    return true;
  }
}

// Everything below `root`: names, contents, owners, modes, times of change of files, attributes.
inline std::string snapshot(const std::string& root) {
  std::vector<std::string> lines;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    struct stat status{};
    ::lstat(entry.path().c_str(), &status);
    std::string line = entry.path().string() + " " + std::to_string(status.st_mode) + " " +
                       std::to_string(status.st_uid) + " " + std::to_string(status.st_gid);
    if (entry.is_regular_file()) {
      std::ifstream file(entry.path());
      std::string value(64, '\0');
      const ssize_t size = ::getxattr(entry.path().c_str(), "user.note", value.data(), value.size());
      value.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
      line += " " + std::string(std::istreambuf_iterator<char>(file), {}) + " " + value;
    }
    lines.push_back(std::move(line));
  }
  std::ranges::sort(lines);
  std::string out;
  for (const std::string& line : lines) out += line + "\n";
  return out;
}

class CrashTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = "/tmp/tocsin-test-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    base_ = name;
    policy_.mode = GuardMode::automatic;
    policy_.responders.users = {1000};
    peer_.uid = 1000;
    // Where ptrace is not allowed, nothing can be shown.
    if (!run_and_kill([] { ::fsync(-1); }, 1)) GTEST_SKIP() << "needs ptrace(2)";
  }
  void TearDown() override { fs::remove_all(base_); }

  void fresh() {
    fs::remove_all(base_ + "/host");
    fs::remove_all(base_ + "/state");
    fs::create_directories(base_ + "/host/etc/cron.d");
    fs::create_directories(base_ + "/state");
  }
  void put(const std::string& path, const std::string& text, mode_t mode) {
    fs::create_directories(fs::path(base_ + "/host" + path).parent_path());
    std::ofstream(base_ + "/host" + path) << text;
    ::chmod((base_ + "/host" + path).c_str(), mode);
    ::setxattr((base_ + "/host" + path).c_str(), "user.note", "kept", 4, 0);
  }
  std::unique_ptr<Guard> open() {
    environment_ = std::make_unique<ActionEnvironment>(
        ActionEnvironment{clock_, random_, base_ + "/state/quarantine", channels_});  // outlives the actions
    ActionEnvironment& environment = *environment_;
    environment.before_directory = base_ + "/state/before";
    environment.evidence_directory = base_ + "/state/evidence";
    environment.root = base_ + "/host";
    environment.isolation = isolation_;
    Guard::Actions actions;
    for (const ActionRow& row : all_actions())
      if (row.spec.name == only_) actions.push_back(replace_ ? replace_(row, environment) : row.make(environment));
    auto guard = Guard::open(policy_, facts_, clock_, std::move(actions), base_ + "/state/journal");
    EXPECT_TRUE(guard.has_value()) << (guard ? "" : guard.error().text());
    return std::move(*guard);
  }
  ActionRequest request(const std::string& action, Parameters::Texts parameters) {
    only_ = action;
    ActionRequest out;
    out.action = action;
    out.key = "k";
    out.parameters = std::move(parameters);
    out.reason = "seen";
    out.source = SourceProof::handshake;
    return out;
  }
  // What the crashed process did: all of it, or the beginning.
  std::function<void()> work(const ActionRequest& asked, bool undone) {
    return [this, asked, undone] {
      const auto guard = open();
      if (guard->apply(asked, peer_) && undone) static_cast<void>(guard->undo("k", "over", peer_));
    };
  }
  static bool is_settled(EntryState state) {
    return state != EntryState::intended && state != EntryState::undoing && state != EntryState::pending;
  }

  // For actions that can be undone. `there`: whether the effect is there; `prepare` makes the world, `restored` says
  // that it is as it was.
  int enumerate(const std::string& name, const Parameters::Texts& parameters, const std::function<void()>& prepare,
                const std::function<bool()>& there, const std::function<std::string()>& world) {
    const ActionRequest asked = request(name, parameters);
    int points = 0;
    for (int n = 1; n < 2000; ++n) {
      fresh();
      prepare();
      const std::string before = world();
      const bool killed = run_and_kill(work(asked, true), n);
      const std::string where = name + " killed at point " + std::to_string(n);
      auto guard = open();
      const LedgerEntry* entry = guard->ledger().find("k");
      if (entry != nullptr) {
        EXPECT_TRUE(is_settled(entry->state)) << where << ": " << entry_state_name(entry->state);
        if (entry->state == EntryState::applied) {
          EXPECT_TRUE(there()) << where;
          // The same again is the same effect, once.
          EXPECT_EQ(guard->apply(asked, peer_)->outcome.state, Outcome::State::already) << where;
          EXPECT_TRUE(guard->undo("k", "over", peer_).has_value()) << where;
        }
      }
      EXPECT_FALSE(there()) << where;
      EXPECT_EQ(world(), before) << where
                                 << (entry == nullptr ? "" : entry_state_name(guard->ledger().find("k")->state));
      if (const fs::path kept = base_ + "/state/before"; fs::exists(kept)) {
        EXPECT_TRUE(fs::is_empty(kept)) << where;
      }
      guard = open();  // and once more: what is settled stays so
      if (const LedgerEntry* again = guard->ledger().find("k")) {
        EXPECT_TRUE(is_settled(again->state)) << where;
      }
      if (!killed || ::testing::Test::HasFailure()) {
        RecordProperty(name, points);
        return points;
      }
      ++points;
    }
    ADD_FAILURE() << name << " has no end";
    return points;
  }
  std::string host() const { return snapshot(base_ + "/host"); }
  std::string text(const std::string& path) const {
    std::ifstream file(base_ + "/host" + path);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  std::string base_;
  std::string only_;  // making all of them takes time, and is done hundreds of times
  Policy policy_;
  NoFacts facts_;
  Peer peer_;
  ManualClock clock_{Time{std::chrono::hours(24LL * 18'616)}};
  SeededRandom random_{1};
  NotifyChannels channels_;
  std::unique_ptr<ActionEnvironment> environment_;
  IsolationSettings isolation_;
  std::function<std::unique_ptr<Action>(const ActionRow&, const ActionEnvironment&)> replace_;
};

}  // namespace tocsin::responders
