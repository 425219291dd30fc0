// kill -9 at every point where something durable happens, of every action, enumerated: a process of our own runs the
// guard through apply and undo under ptrace(2) and is killed before its n-th mutating system call, for every n there
// is. The guard that is opened afterwards must come to a defined state, nothing may be left behind, nothing happen
// twice.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <pwd.h>
#include <sched.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>

#include "responders/action/firewall/firewall.h"
#include "responders/action/processes/processes.h"
#include "responders/action/service_mask/service_mask.h"
#include "responders/action/services/service_change.h"
#include "responders/action/ssh_revoke_key/authorized_keys.h"
#include "responders/action/table.h"
#include "responders/guard/guard.h"

namespace tocsin::responders {
namespace {

namespace fs = std::filesystem;

class NoFacts final : public HostFacts {
 public:
  Result<std::vector<ProtectedNetwork>> protected_networks(const Policy&) override {
    return std::vector<ProtectedNetwork>{};
  }
  std::vector<IpAddress> login_addresses(int) override { return {}; }
};

// What changes a disk, the kernel's tables or another process.
bool is_mutating(long number) {
  static const std::set<long> all{SYS_write,     SYS_pwrite64,  SYS_rename,    SYS_renameat,  SYS_renameat2,
                                  SYS_unlink,    SYS_unlinkat,  SYS_mkdir,     SYS_mkdirat,   SYS_fchmod,
                                  SYS_fchmodat,  SYS_fchown,    SYS_fsetxattr, SYS_utimensat, SYS_fsync,
                                  SYS_fdatasync, SYS_ftruncate, SYS_sendmsg,   SYS_sendto,    SYS_pidfd_send_signal};
  return all.contains(number);
}

// Runs `work` in a process of its own; kills it before its n-th mutating system call. False: it had fewer, and ended.
bool run_and_kill(const std::function<void()>& work, int n) {
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
std::string snapshot(const std::string& root) {
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

TEST_F(CrashTest, files_come_back) {
  const auto gone = [&](const char* path) { return [this, path] { return !fs::exists(base_ + "/host" + path); }; };
  EXPECT_GT(enumerate(
                "file.quarantine", {{"path", base_ + "/host/www/x.php"}}, [&] { put("/www/x.php", "<?php", 0644); },
                gone("/www/x.php"), [&] { return host(); }),
            10);
  EXPECT_GT(enumerate(
                "cron.disable", {{"file", "cron.d/job"}}, [&] { put("/etc/cron.d/job", "* * * * *", 0640); },
                gone("/etc/cron.d/job"), [&] { return host(); }),
            10);
}

TEST_F(CrashTest, accounts_come_back) {
  const std::string shadow = "root:*:1:0:9:7:::\nann:$6$x:1:0:9:7::20000:\n";
  const auto prepare = [&] {
    put("/etc/shadow", shadow, 0640);
    put("/etc/.pwd.lock", "", 0600);
  };
  for (const char* name : {"user.lock", "user.expire"})
    EXPECT_GT(
        enumerate(
            name, {{"account", "ann"}}, prepare, [&] { return text("/etc/shadow") != shadow; },
            [&] { return text("/etc/shadow") + std::to_string(fs::exists(base_ + "/host/etc/.tocsin-new.shadow")); }),
        10)
        << name;
}

TEST_F(CrashTest, keys_come_back) {
  const passwd* self = ::getpwuid(::geteuid());
  ASSERT_NE(self, nullptr);
  const std::string path = std::string(self->pw_dir) + "/.ssh/authorized_keys";
  const std::string line = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g a";
  const std::string fingerprint = *fingerprint_of(line);
  EXPECT_GT(enumerate(
                "ssh.revoke_key", {{"account", self->pw_name}, {"fingerprint", fingerprint}},
                [&] { put(path, line + "\n", 0600); }, [&] { return !revoke_key(text(path), fingerprint); },
                [&] { return text(path); }),
            10);
}

TEST_F(CrashTest, packets_flow_again) {
  if (::unshare(CLONE_NEWNET) != 0) GTEST_SKIP() << "needs CAP_SYS_ADMIN for a network namespace";
  if (!Nftables().run("add table inet probe\n")) GTEST_SKIP() << "nftables does not work here";
  // The table itself is made once: from nothing for the first, and it is there for the others.
  bool first = true;
  const std::vector<std::tuple<const char*, Parameters::Texts, SetElement>> all{
      {"network.block_address", {{"address", "203.0.113.9"}}, {"blocked4", "203.0.113.9"}},
      {"network.block_address", {{"address", "2001:db8::/64"}}, {"blocked6_net", "2001:db8::/64"}},
  };  // block_port and limit_rate are the same code with another set
  for (const auto& [name, parameters, element] : all) {
    const auto there = [&element = element] { return Firewall().find(element).value().has_value(); };
    const auto prepare = [&] {
      if (first) static_cast<void>(Nftables().run("delete table inet tocsin\n"));
    };
    EXPECT_GT(enumerate(name, parameters, prepare, there, [] { return std::string(); }), 5) << name;
    first = false;
  }
}

TEST_F(CrashTest, processes_go_on_or_are_gone) {
  pid_t child = 0;
  const auto prepare = [&] {
    if (child != 0) {
      ::kill(child, SIGKILL);
      ::waitpid(child, nullptr, 0);
    }
    child = ::fork();
    if (child == 0)
      while (true) ::pause();
    while (read_process(child)->state != 'S') ::usleep(100);
  };
  // A signal arrives a moment after it was sent.
  const auto state = [&](char wanted) {
    for (int tries = 0; tries < 50 && read_process(child)->state != wanted; ++tries) ::usleep(1000);
    return read_process(child)->state;
  };
  // The number is another one each time, so one round is one call.
  for (int n = 1; n < 100; ++n) {
    fresh();
    prepare();
    const ActionRequest asked = request("process.stop", {{"pid", std::to_string(child)}});
    const bool killed = run_and_kill(work(asked, true), n);
    auto guard = open();
    const LedgerEntry* entry = guard->ledger().find("k");
    if (entry != nullptr && entry->state == EntryState::applied) {
      EXPECT_TRUE(guard->undo("k", "over", peer_).has_value()) << n;
    }
    if (entry != nullptr) {
      EXPECT_TRUE(is_settled(guard->ledger().find("k")->state)) << n;
    }
    EXPECT_EQ(state('S'), 'S') << "left stopped, killed at point " << n;
    if (!killed) break;
  }
  for (int n = 1; n < 100; ++n) {
    fresh();
    prepare();
    const ActionRequest asked = request("process.kill", {{"pid", std::to_string(child)}});
    const bool killed = run_and_kill(work(asked, false), n);
    const bool gone = state('Z') == 'Z';
    const auto guard = open();
    const LedgerEntry* entry = guard->ledger().find("k");
    EXPECT_EQ(entry != nullptr && entry->state == EntryState::applied, gone) << n;
    if (!killed) break;
  }
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
}

TEST_F(CrashTest, a_message_goes_out_once_at_most) {
  const OwnedDescriptor ear(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = base_ + "/log";
  std::ranges::copy(path, address.sun_path);
  ASSERT_EQ(::bind(ear.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  NotifyChannel channel;
  channel.name = "operators";
  channel.kind = NotifyChannel::Kind::syslog;
  channel.url = path;
  channels_.all.push_back(channel);
  const ActionRequest asked = request("notify", {{"channel", "operators"}, {"subject", "s"}, {"message", "b"}});
  for (int n = 1; n < 100; ++n) {
    fresh();
    const bool killed = run_and_kill(work(asked, false), n);
    const auto guard = open();
    ASSERT_TRUE(guard->apply(asked, peer_).has_value() || guard->ledger().find("k") != nullptr);
    std::array<char, 4096> buffer{};
    int heard = 0;
    while (::recv(ear.get(), buffer.data(), buffer.size(), 0) > 0) ++heard;
    EXPECT_LE(heard, 1) << "killed at point " << n;
    EXPECT_TRUE(is_settled(guard->ledger().find("k")->state)) << n;
    if (!killed) {
      EXPECT_EQ(heard, 1);
      break;
    }
  }
}

TEST_F(CrashTest, evidence_is_whole_or_said_to_be_missing) {
  const ActionRequest asked = request("collect.triage", {});
  for (int n = 1; n < 1000; n += 7) {
    fresh();
    const bool killed = run_and_kill(work(asked, false), n);
    const auto guard = open();
    const LedgerEntry* entry = guard->ledger().find("k");
    bool whole = false;
    if (fs::exists(base_ + "/state/evidence"))
      for (const auto& folder : fs::directory_iterator(base_ + "/state/evidence"))
        whole = whole || fs::exists(folder.path() / "manifest.json");
    if (entry != nullptr) {
      EXPECT_EQ(entry->state == EntryState::applied, whole) << n;
    }
    if (!killed) break;
  }
}

// systemd is a file here: active or not, masked or not.
class FileManager final : public ServiceManager {
 public:
  explicit FileManager(std::string path) : path_(std::move(path)) {}
  Result<UnitState> state(const std::string&) override {
    return UnitState{true, fs::exists(path_ + ".active"), fs::exists(path_ + ".masked")};
  }
  Result<void> stop(const std::string&) override { return remove(".active"); }
  Result<void> start(const std::string&) override { return make(".active"); }
  Result<void> mask(const std::string&) override { return make(".masked"); }
  Result<void> unmask(const std::string&) override { return remove(".masked"); }

 private:
  Result<void> make(const char* what) {
    OwnedDescriptor file(::open((path_ + what).c_str(), O_CREAT | O_WRONLY, 0644));
    ::fsync(file.get());
    return {};
  }
  Result<void> remove(const char* what) {
    ::unlink((path_ + what).c_str());
    return {};
  }
  const std::string path_;
};

TEST_F(CrashTest, services_come_back) {
  const std::string unit = base_ + "/host/web";
  replace_ = [&](const ActionRow& row, const ActionEnvironment& environment) -> std::unique_ptr<Action> {
    const bool stop = row.spec.name == "service.stop";
    if (!stop && row.spec.name != "service.mask") return row.make(environment);
    return make_service_change(row.spec, stop ? ServiceDepth::stop : ServiceDepth::mask, row.describe, environment,
                               std::make_unique<FileManager>(unit));
  };
  for (const char* name : {"service.stop", "service.mask"})
    EXPECT_GT(enumerate(
                  name, {{"unit", "web.service"}}, [&] { std::ofstream(unit + ".active"); },
                  [&] { return !fs::exists(unit + ".active"); }, [&] { return host(); }),
              5)
        << name;
}

}  // namespace
}  // namespace tocsin::responders
