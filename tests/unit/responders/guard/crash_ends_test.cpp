// The enumeration of crash_test.cpp over what cuts somebody off: this host, a connection, a person's sessions.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <pwd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "responders/action/firewall/firewall.h"
#include "responders/action/network_kill_flow/socket_diagnosis.h"
#include "responders/action/processes/processes.h"
#include "tests/unit/responders/guard/crash_fixture.h"
#include "tests/unit/responders/own_network.h"

namespace tocsin::responders {
namespace {

// A network of its own with a listener in it, which is the other end of everything.
class CrashNetworkTest : public CrashTest {
 protected:
  void SetUp() override {
    CrashTest::SetUp();
    if (IsSkipped()) return;
    if (const auto why = OwnNetwork::enter(); !why.empty()) GTEST_SKIP() << why;
    // A second address, because nobody blocks or cuts off a loopback.
    const in_addr second{htonl(0xCB007101)};  // 203.0.113.1
    ASSERT_TRUE(OwnNetwork::add_address(second));
    listener_ = OwnedDescriptor(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
    socklen_t size = sizeof address_;
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_ANY);
    ASSERT_EQ(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address_), size), 0);
    ASSERT_EQ(::listen(listener_.get(), 64), 0);
    ASSERT_EQ(::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address_), &size), 0);
    address_.sin_addr = second;
  }
  std::uint16_t port() const { return ntohs(address_.sin_port); }
  void accept_all() { while (OwnedDescriptor(::accept(listener_.get(), nullptr, nullptr))); }

  OwnedDescriptor listener_;
  sockaddr_in address_{};
};

TEST_F(CrashNetworkTest, an_isolated_host_is_free_again) {
  isolation_ = {{*parse_network("127.0.0.0/8", HostBits::refuse)},
                {{*parse_address("127.0.0.1"), port()}},
                std::chrono::seconds(30)};
  const auto there = [&] {
    for (const char* family : {"ipv4", "ipv6"})
      if (Firewall().find(SetElement{"isolated", family}).value_or(std::nullopt)) return true;
    return false;
  };
  bool first = true;  // the table is made once, and is there for the others
  const auto prepare = [&] {
    accept_all();  // who proved the way of management
    if (std::exchange(first, false)) static_cast<void>(Nftables().run("delete table inet tocsin\n"));
  };
  EXPECT_GT(enumerate("network.isolate_host", {{"ttl", "1h"}}, prepare, there, [] { return std::string(); }), 5);
}

// It cannot be brought back, so what counts is that the guard says what came of it.
TEST_F(CrashNetworkTest, a_connection_is_ended_or_said_not_to_be) {
  const auto ours = [this](const TcpConnection& connection) { return connection.remote_port == port(); };
  {
    const OwnedDescriptor probe(::socket(AF_INET, SOCK_STREAM, 0));
    ASSERT_EQ(::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address_), sizeof address_), 0);
    if (const auto done = end_connections(ours, 10); !done && done.error().code == Code::not_found)
      GTEST_SKIP() << done.error().message;
    accept_all();
  }
  int ended = 0;
  int alive = 0;
  for (int n = 1; n < 100; ++n) {
    fresh();
    const OwnedDescriptor client(::socket(AF_INET, SOCK_STREAM, 0));
    ASSERT_EQ(::connect(client.get(), reinterpret_cast<const sockaddr*>(&address_), sizeof address_), 0);
    const OwnedDescriptor server(::accept(listener_.get(), nullptr, nullptr));
    const ActionRequest asked =
        request("network.kill_flow", {{"address", "203.0.113.1"}, {"port", std::to_string(port())}});
    const bool killed = run_and_kill(work(asked, false), n);
    const auto left = list_connections(ours, 10);
    ASSERT_TRUE(left.has_value()) << left.error().text();
    auto guard = open();
    if (const LedgerEntry* entry = guard->ledger().find("k")) {
      EXPECT_TRUE(is_settled(entry->state)) << n;
      EXPECT_EQ(entry->state == EntryState::applied, left->empty()) << n << ": " << entry->detail;
    } else {
      EXPECT_FALSE(left->empty()) << n;
    }
    ++(left->empty() ? ended : alive);
    if (!killed || HasFailure()) break;
  }
  EXPECT_GT(ended, 1);
  EXPECT_GT(alive, 1);
}

// Somebody without a process of its own, in a session of two.
TEST_F(CrashTest, sessions_are_ended_and_nobody_is_left_stopped) {
  const passwd* nobody_else = nullptr;
  for (const char* name : {"games", "news", "uucp"})
    if (nobody_else == nullptr)
      if (const passwd* entry = ::getpwnam(name);
          entry != nullptr &&
          std::ranges::none_of(list_processes(), [&](const HostProcess& one) { return one.uid == entry->pw_uid; }))
        nobody_else = entry;
  if (::geteuid() != 0 || nobody_else == nullptr) GTEST_SKIP() << "needs root and an account without processes";
  const std::string account = nobody_else->pw_name;
  const uid_t uid = nobody_else->pw_uid;
  int points = 0;
  for (int n = 1; n < 100; ++n) {
    fresh();
    std::array<pid_t, 2> session{};
    for (pid_t& pid : session) {
      pid = ::fork();
      if (pid == 0) {
        if (::setuid(uid) != 0) ::_exit(1);
        while (true) ::pause();
      }
      while (read_process(pid)->uid != uid || read_process(pid)->state != 'S') ::usleep(100);
    }
    const bool killed = run_and_kill(work(request("user.kill_sessions", {{"account", account}}), false), n);
    const auto guard = open();
    const LedgerEntry* entry = guard->ledger().find("k");
    std::size_t alive = 0;
    for (const pid_t pid : session) {
      const auto process = read_process(pid);
      EXPECT_TRUE(process->gone() || !process->stopped()) << "left stopped, killed at point " << n;
      alive += process->gone() ? 0U : 1U;
      ::kill(pid, SIGKILL);
      ::waitpid(pid, nullptr, 0);
    }
    if (entry == nullptr) {
      EXPECT_EQ(alive, session.size()) << n;
    } else {
      EXPECT_TRUE(is_settled(entry->state)) << n;
      EXPECT_EQ(entry->state == EntryState::applied, alive == 0) << n << ": " << entry->detail;
    }
    if (!killed || HasFailure()) break;
    ++points;
  }
  EXPECT_GT(points, 4);
}

}  // namespace
}  // namespace tocsin::responders
