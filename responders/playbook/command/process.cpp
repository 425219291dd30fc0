#include "responders/playbook/command/process.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <ctime>

#include <fmt/format.h>

#include "collectors/base/descriptor.h"

namespace tocsin::responders {
namespace {

using End = ProcessResult::End;

// Time that only passes: a clock set back must not let a command run on.
Duration elapsed() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

struct Pipe {
  OwnedDescriptor ours, theirs;
};

Result<Pipe> make_pipe() {
  std::array<int, 2> pair{-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0)
    return fail_errno("cannot make a pipe for a command", errno);
  Pipe out{OwnedDescriptor(pair[0]), OwnedDescriptor(pair[1])};
  ::fcntl(pair[0], F_SETFL, O_NONBLOCK);
  return out;
}

class Child {
 public:
  Child() = default;
  ~Child() { end(); }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  Result<void> start(const ProcessSpec& spec) {
    TOCSIN_TRY(in_, make_pipe());
    TOCSIN_TRY(out_, make_pipe());
    TOCSIN_TRY(err_, make_pipe());
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawnattr_init(&attributes);
    ::posix_spawn_file_actions_adddup2(&actions, in_.theirs.get(), STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, out_.theirs.get(), STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, err_.theirs.get(), STDERR_FILENO);
    ::posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
    ::posix_spawn_file_actions_addchdir_np(&actions, "/");
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    ::posix_spawnattr_setsigmask(&attributes, &none);
    ::posix_spawnattr_setsigdefault(&attributes, &all);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
    std::vector<std::string> words = spec.words, settings;
    for (const auto& [name, value] : spec.environment) settings.push_back(fmt::format("{}={}", name, value));
    const auto pointers = [](std::vector<std::string>& texts) {
      std::vector<char*> out;
      for (std::string& text : texts) out.push_back(text.data());
      out.push_back(nullptr);
      return out;
    };
    const int error = ::posix_spawn(&process_, words.front().c_str(), &actions, &attributes, pointers(words).data(),
                                    pointers(settings).data());
    ::posix_spawn_file_actions_destroy(&actions);
    ::posix_spawnattr_destroy(&attributes);
    if (error != 0) process_ = -1;
    in_.theirs.reset();
    out_.theirs.reset();
    err_.theirs.reset();
    if (error != 0) return fail_errno("cannot start " + words.front(), error);
    return {};
  }

  // Feeds and listens for at most a tenth of a second. False: both outputs are closed.
  bool exchange(std::string& input, ProcessResult& result, std::size_t most) {
    std::array<pollfd, 3> waits{{{input.empty() ? -1 : in_.ours.get(), POLLOUT, 0},
                                 {out_.ours.get(), POLLIN, 0},
                                 {err_.ours.get(), POLLIN, 0}}};
    if (input.empty() && in_.ours) in_.ours.reset();
    waits[0].fd = input.empty() ? -1 : in_.ours.get();
    constexpr int slice = 100;
    if (::poll(waits.data(), waits.size(), slice) < 0) return errno == EINTR;
    if (waits[0].revents != 0) {
      const ssize_t sent = ::send(in_.ours.get(), input.data(), input.size(), MSG_NOSIGNAL);
      if (sent > 0) input.erase(0, static_cast<std::size_t>(sent));
      else if (errno != EAGAIN && errno != EINTR) input.clear();  // it does not want it
    }
    if (waits[1].revents != 0) take(out_, result.output, result, most);
    if (waits[2].revents != 0) take(err_, result.errors, result, most);
    return out_.ours || err_.ours;
  }

  bool ended(int& status) {
    int raw = 0;
    const pid_t gone = ::waitpid(process_, &raw, WNOHANG);
    if (gone != process_) return false;
    ::kill(-process_, SIGKILL);  // what it left behind in its session's group
    process_ = -1;
    status = WIFSIGNALED(raw) ? 128 + WTERMSIG(raw) : WEXITSTATUS(raw);
    return true;
  }

  void end() {
    if (process_ < 0) return;
    ::kill(-process_, SIGKILL);
    ::kill(process_, SIGKILL);
    while (::waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
    }
    process_ = -1;
  }

 private:
  static void take(Pipe& pipe, std::string& into, ProcessResult& result, std::size_t most) {
    std::array<char, 65536> buffer{};
    const ssize_t got = ::recv(pipe.ours.get(), buffer.data(), buffer.size(), 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) return pipe.ours.reset();
    const auto length = static_cast<std::size_t>(got);
    const std::size_t room = most - std::min(most, into.size());
    result.truncated = result.truncated || length > room;
    into.append(buffer.data(), std::min(length, room));
  }

  Pipe in_, out_, err_;
  pid_t process_ = -1;
};

}  // namespace

Result<ProcessResult> run_process(const ProcessSpec& spec) {
  Child child;
  TOCSIN_CHECK(child.start(spec));
  ProcessResult out;
  std::string input = spec.input;
  const Duration until = elapsed() + spec.time;
  bool open = true;
  while (true) {
    if (open) open = child.exchange(input, out, spec.output_most);
    else ::poll(nullptr, 0, 10);
    if (child.ended(out.status)) {
      // A last look at what it wrote before it ended.
      for (int i = 0; i < 64 && open; ++i) open = child.exchange(input, out, spec.output_most);
      return out;
    }
    const bool stopped = spec.stop != nullptr && spec.stop->load();
    if (!stopped && elapsed() < until) continue;
    out.end = stopped ? End::stopped : End::time;
    child.end();
    out.status = 128 + SIGKILL;
    return out;
  }
}

}  // namespace tocsin::responders
