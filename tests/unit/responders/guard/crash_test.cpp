// kill -9 at every point where something durable happens, of every action that can be undone, enumerated: a process of
// our own runs the guard through apply and undo under ptrace(2) and is killed before its n-th mutating system call, for
// every n there is. The guard that is opened afterwards must come to a defined state, nothing may be left behind,
// nothing happen twice.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <atomic>

#include "responders/action/firewall/firewall.h"
#include "responders/action/network_sinkhole/name_rules.h"
#include "responders/action/processes/processes.h"
#include "responders/action/service_mask/service_mask.h"
#include "responders/action/services/service_change.h"
#include "responders/action/ssh_revoke_key/authorized_keys.h"
#include "tests/unit/responders/action/http_server.h"
#include "tests/unit/responders/guard/crash_fixture.h"
#include "tests/unit/responders/own_network.h"

namespace tocsin::responders {
namespace {

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
  if (const auto why = OwnNetwork::enter(); !why.empty()) GTEST_SKIP() << why;
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

TEST_F(CrashTest, names_are_asked_for_again) {
  if (const auto why = OwnNetwork::enter(); !why.empty()) GTEST_SKIP() << why;
  const auto there = [] {
    const auto listed = Nftables().run(sinkhole_sets_command());
    if (!listed) return false;
    const auto sets = parse_sinkhole_sets(*listed);
    return sets && !sets->empty() && sets->front().expires.count() > 0;
  };
  EXPECT_GT(enumerate(
                "network.sinkhole", {{"domain", "tunnel.example.org"}},
                [] { static_cast<void>(Nftables().run("delete table inet tocsin_names\n")); }, there,
                [] { return std::string(); }),
            5);
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
  for (const char* scope : {"process", "tree"})
    for (int n = 1; n < 100; ++n) {
      fresh();
      prepare();
      const ActionRequest asked = request("process.kill", {{"pid", std::to_string(child)}, {"scope", scope}});
      const bool killed = run_and_kill(work(asked, false), n);
      const auto guard = open();
      const bool gone = state('Z') == 'Z';
      const LedgerEntry* entry = guard->ledger().find("k");
      EXPECT_EQ(entry != nullptr && entry->state == EntryState::applied, gone) << scope << n;
      EXPECT_NE(read_process(child)->state, 'T') << scope << " left stopped, killed at point " << n;
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

// A tracker that can be asked: a crash leaves no doubt, whether it took the ticket before, after or not at all.
TEST_F(CrashTest, a_ticket_that_can_be_looked_up_is_never_unknown) {
  const std::string taken = base_ + "/host/ticket";
  std::atomic<bool> away = false;
  HttpServer server([&](const std::string& said) {
    const bool whole = said.starts_with("GET") || said.find(R"({"ref":"k"})") != std::string::npos;
    if (away || !whole) return std::string();
    if (said.starts_with("GET")) return HttpServer::answer("200 OK", fs::exists(taken) ? R"({"found":"OPS-9"})" : "{}");
    std::ofstream(taken, std::ios::app) << "x";
    return HttpServer::answer("201 Created", R"({"key":"OPS-9"})");
  });
  NotifyChannel channel;
  channel.name = "tracker";
  channel.kind = NotifyChannel::Kind::ticket;
  channel.url = server.url("/issues");
  channel.timeout = std::chrono::milliseconds(500);
  channel.ticket = {R"({"ref":"{key}"})", "/key", server.url("/find?ref={key}"), "/found"};
  channels_.all.push_back(channel);
  const ActionRequest asked = request("ticket.open", {{"channel", "tracker"}, {"subject", "s"}, {"message", "b"}});
  bool was_there = false;
  bool was_not = false;
  for (int n = 1; n < 200; ++n) {
    fresh();
    const bool killed = run_and_kill(work(asked, false), n);
    if (const bool begun = fs::exists(taken); begun && killed && !was_there) {
      away = true;  // nobody is told that it failed while nobody can know
      const auto guard = open();
      if (guard->ledger().find("k")->state == EntryState::intended) {
        EXPECT_EQ(guard->apply(asked, peer_).error().code, Code::unreachable) << n;
      }
      away = false;
    }
    const auto guard = open();
    const LedgerEntry* entry = guard->ledger().find("k");
    const bool there = fs::exists(taken);
    if (entry == nullptr) {
      EXPECT_FALSE(there) << n;
    } else {
      EXPECT_EQ(entry->state, there ? EntryState::applied : EntryState::failed) << "killed at point " << n;
      was_there = was_there || there;
      was_not = was_not || !there;
    }
    if (there) {
      EXPECT_EQ(fs::file_size(taken), 1U) << n;
      const auto again = guard->apply(asked, peer_);
      ASSERT_TRUE(again.has_value()) << n << again.error().text();
      EXPECT_EQ(again->outcome.outputs, (Parameters::Texts{{"ticket", "OPS-9"}})) << n;
      EXPECT_EQ(fs::file_size(taken), 1U) << n;
    }
    if (!killed) break;
  }
  EXPECT_TRUE(was_there && was_not);
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
    return UnitState{true, fs::exists(path_ + ".active"), false, fs::exists(path_ + ".masked")};
  }
  Result<void> stop(const std::string&) override { return remove(".active"); }
  Result<void> start(const std::string&) override { return make(".active"); }
  Result<void> mask(const std::string&) override { return make(".masked"); }
  Result<void> unmask(const std::string&) override { return remove(".masked"); }
  Result<std::vector<std::string>> stopped_with(const std::string& unit) override { return std::vector{unit}; }

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
