// Each case confines a child process and reports by its exit status.
#include "collectors/opener/sandbox.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <functional>
#include <thread>

#include <gtest/gtest.h>

namespace tocsin::collectors {
namespace {

// Exit status of `body` in a child; -signal when it was killed.
int in_child(const std::function<int()>& body) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(body());
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

LayerState layer(const SandboxReport& report, std::string_view name) {
  for (const auto& l : report.layers)
    if (l.name == name) return l.state;
  return LayerState::off;
}

bool has_seccomp() {
  return in_child([] {
           const auto report = confine({});
           return report && layer(*report, "seccomp") == LayerState::active ? 1 : 0;
         }) == 1;
}

TEST(Sandbox, takes_all_capabilities) {
  EXPECT_EQ(in_child([] {
              if (!confine({})) return 1;
              return ::setuid(0) == 0 && ::geteuid() != 0 ? 2 : ::chroot("/") == 0 ? 3 : 0;
            }),
            0);
}

TEST(Sandbox, files_outside_are_out_of_reach) {
  if (landlock_abi() == 0) GTEST_SKIP() << "this kernel has no Landlock";
  EXPECT_EQ(in_child([] {
              SandboxPolicy policy;
              policy.read_only = {"/usr/share"};
              const auto report = confine(policy);
              if (!report || layer(*report, "landlock") != LayerState::active) return 1;
              if (::open("/usr/share", O_RDONLY | O_DIRECTORY) < 0) return 2;
              if (::open("/etc/shadow", O_RDONLY) >= 0) return 3;
              if (::open("/usr/share/tocsin-probe", O_WRONLY | O_CREAT, 0600) >= 0) return 4;
              return ::open("/etc/passwd", O_RDONLY) >= 0 ? 0 : 5;
            }),
            0);
}

TEST(Sandbox, a_writable_directory_stays_writable) {
  if (landlock_abi() == 0) GTEST_SKIP() << "this kernel has no Landlock";
  char pattern[] = "/tmp/tocsin-sandbox-XXXXXX";
  const std::string directory = ::mkdtemp(pattern);
  EXPECT_EQ(in_child([&] {
              SandboxPolicy policy;
              policy.read_write = {directory};
              if (!confine(policy)) return 1;
              const int file = ::open((directory + "/a").c_str(), O_RDWR | O_CREAT | O_TRUNC, 0600);
              if (file < 0) return 2;
              if (::rename((directory + "/a").c_str(), (directory + "/b").c_str()) != 0) return 3;
              return ::unlink((directory + "/b").c_str()) == 0 ? 0 : 4;
            }),
            0);
  ::rmdir(directory.c_str());
}

TEST(Sandbox, programs_and_processes_cannot_be_started_but_threads_can) {
  if (!has_seccomp()) GTEST_SKIP() << "no system-call filter in this build or kernel";
  EXPECT_EQ(in_child([] {
              if (!confine({})) return 1;
              if (::execl("/bin/true", "true", nullptr) == 0 || errno != EPERM) return 2;
              if (::fork() >= 0) return 3;
              bool ran = false;
              std::thread([&] { ran = true; }).join();
              return ran ? 0 : 4;
            }),
            0);
}

TEST(Sandbox, odd_sockets_and_writable_code_are_refused) {
  if (!has_seccomp()) GTEST_SKIP() << "no system-call filter in this build or kernel";
  EXPECT_EQ(in_child([] {
              if (!confine({})) return 1;
              if (::socket(AF_PACKET, SOCK_RAW, 0) >= 0) return 2;
              if (::socket(AF_ALG, SOCK_SEQPACKET, 0) >= 0) return 3;
              if (::socket(AF_INET, SOCK_STREAM, 0) < 0) return 4;
              if (::mmap(nullptr, 4096, PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED)
                return 5;
              void* page = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
              return ::mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0 ? 6 : 0;
            }),
            0);
}

TEST(Sandbox, spying_on_other_processes_ends_the_process) {
  if (!has_seccomp()) GTEST_SKIP() << "no system-call filter in this build or kernel";
  EXPECT_EQ(in_child([] {
              if (!confine({})) return 1;
              ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
              return 0;
            }),
            -SIGSYS);
}

TEST(Sandbox, what_is_turned_off_is_reported_off) {
  EXPECT_EQ(in_child([] {
              SandboxPolicy policy;
              policy.seccomp = policy.landlock = false;
              const auto report = confine(policy);
              if (!report || report->complete()) return 1;
              return layer(*report, "seccomp") == LayerState::off && layer(*report, "landlock") == LayerState::off ? 0
                                                                                                                   : 2;
            }),
            0);
}

TEST(Sandbox, probing_gives_nothing_up) {
  EXPECT_EQ(probe_sandbox().layers.size(), 3U);
  EXPECT_GE(::open("/", O_RDONLY | O_DIRECTORY), 0);
}

TEST(Sandbox, computing_leaves_what_is_open_and_memory) {
  if (!has_seccomp()) GTEST_SKIP() << "no system-call filter here";
  const auto computing = [](const std::function<int()>& body) {
    return in_child([&] {
      SandboxPolicy policy;
      policy.calls = SandboxCalls::compute;
      if (!confine(policy)) return 1;
      return body();
    });
  };
  EXPECT_EQ(computing([] {
              const std::vector<int> memory(1U << 20, 1);
              if (memory.back() != 1 || ::open("/etc/hostname", O_RDONLY) >= 0 || errno != EACCES) return 2;
              return ::write(-1, "", 1) < 0 && errno == EBADF ? 0 : 3;
            }),
            0);
  EXPECT_EQ(computing([] { return ::socket(AF_INET, SOCK_STREAM, 0); }), -SIGSYS);
  EXPECT_EQ(computing([] { return ::kill(::getppid(), 0); }), -SIGSYS);
  EXPECT_EQ(computing([] { return static_cast<int>(::fork()); }), -SIGSYS);
  EXPECT_EQ(computing([] {
              return ::mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED;
            }),
            -SIGSYS);
}

}  // namespace
}  // namespace tocsin::collectors
