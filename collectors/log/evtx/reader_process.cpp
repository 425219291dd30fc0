#include "collectors/log/evtx/reader_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>

namespace tocsin::collectors {

namespace {

constexpr std::chrono::milliseconds slice{100};

// The actions of posix_spawn(3), released whatever happens.
class SpawnPlan {
 public:
  explicit SpawnPlan(int socket) {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawnattr_init(&attributes_);
    note(::posix_spawn_file_actions_adddup2(&actions_, socket, STDIN_FILENO));
    note(::posix_spawn_file_actions_addopen(&actions_, STDOUT_FILENO, "/dev/null", O_WRONLY, 0));
    note(::posix_spawn_file_actions_addopen(&actions_, STDERR_FILENO, "/dev/null", O_WRONLY, 0));
    note(::posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1));
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    ::posix_spawnattr_setsigdefault(&attributes_, &all);
    // A group of its own: Ctrl-C is for the program that reads, which then ends this one.
    ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  }
  ~SpawnPlan() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;

  // errno, or 0.
  int run(const std::string& program, pid_t& child) {
    if (error_ != 0) return error_;
    std::string name = "tocsin-evtx", locale = "LC_ALL=C";
    std::array<char*, 2> arguments{name.data(), nullptr};
    std::array<char*, 2> environment{locale.data(), nullptr};
    return ::posix_spawn(&child, program.c_str(), &actions_, &attributes_, arguments.data(), environment.data());
  }

 private:
  void note(int result) noexcept {
    if (error_ == 0) error_ = result;
  }
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
  int error_ = 0;
};

}  // namespace

std::string find_evtx_program(const std::string& running) {
  const auto folder = running.substr(0, running.rfind('/'));
  const auto beside = folder + "/tocsin-evtx";
  if (::access(beside.c_str(), X_OK) == 0) return beside;
  return folder.substr(0, folder.rfind('/')) + "/lib/tocsin/tocsin-evtx";
}

Result<void> EvtxReaderProcess::start() {
  std::array<int, 2> pair{-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0)
    return fail_errno("cannot make a socket for the reader of EVTX files", errno);
  OwnedDescriptor ours(pair[0]);
  const OwnedDescriptor theirs(pair[1]);
  SpawnPlan plan(theirs.get());
  if (const int error = plan.run(options_.program, child_); error != 0) {
    child_ = -1;
    return fail_errno(
        "cannot start " + options_.program + ", which reads EVTX files; install tocsin whole, or build it", error);
  }
  socket_ = std::move(ours);
  chunks_ = 0;
  ++started_;
  return {};
}

void EvtxReaderProcess::stop() {
  socket_.reset();
  if (child_ < 0) return;
  ::kill(child_, SIGKILL);
  while (::waitpid(child_, nullptr, 0) < 0 && errno == EINTR) {
  }
  child_ = -1;
}

// Why there is no answer: its end says it.
Error EvtxReaderProcess::ended() {
  socket_.reset();
  int status = 0;
  pid_t gone = 0;
  for (int i = 0; i < 20 && gone == 0; ++i) {
    gone = ::waitpid(child_, &status, WNOHANG);
    if (gone == 0) ::poll(nullptr, 0, static_cast<int>(slice.count()) / 2);
  }
  if (gone != child_) {
    stop();
    return {Code::failure, "its reader closed the line; it was stopped"};
  }
  child_ = -1;
  if (WIFSIGNALED(status)) {
    const int signal = WTERMSIG(status);
    const char* const name = ::sigabbrev_np(signal);
    return {Code::failure, fmt::format("its reader crashed (signal {}{}{})", signal, name == nullptr ? "" : ", SIG",
                                       name == nullptr ? "" : name)};
  }
  if (WEXITSTATUS(status) == ENOMEM) return {Code::exhausted, "its reader needed more memory than it may have"};
  return {Code::failure, fmt::format("its reader ended (exit {})", WEXITSTATUS(status))};
}

std::optional<Error> EvtxReaderProcess::exchange(const std::string& request, std::vector<EvtxFrame>& frames) {
  EvtxFrameReader reader;
  std::size_t sent = 0;
  std::array<std::uint8_t, evtx_chunk_bytes> buffer;
  for (std::chrono::milliseconds waited{0}; waited < options_.patience;) {
    const auto wanted = static_cast<short>(POLLIN | (sent < request.size() ? POLLOUT : 0));
    pollfd state{socket_.get(), wanted, 0};
    const int ready = ::poll(&state, 1, static_cast<int>(slice.count()));
    if (ready < 0 && errno != EINTR) return Error{Code::failure, "cannot wait for its reader"};
    if (ready <= 0) {
      waited += slice;
      continue;
    }
    if ((state.revents & POLLOUT) != 0) {
      const auto n = ::send(socket_.get(), request.data() + sent, request.size() - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
      if (n < 0 && errno != EAGAIN && errno != EINTR) return ended();
      if (n > 0) sent += static_cast<std::size_t>(n);
    }
    if ((state.revents & (POLLIN | POLLHUP | POLLERR)) == 0) continue;
    const auto n = ::recv(socket_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (n <= 0) return ended();
    switch (reader.feed({buffer.data(), static_cast<std::size_t>(n)}, frames)) {
      case EvtxFrameReader::State::more: break;
      case EvtxFrameReader::State::done: return std::nullopt;
      case EvtxFrameReader::State::broken: stop(); return Error{Code::failure, "its reader answered nonsense"};
    }
  }
  stop();
  return Error{Code::timed_out, fmt::format("its reader took longer than {} ms", options_.patience.count())};
}

Result<EvtxAnswer> EvtxReaderProcess::read(Bytes chunk) {
  if (chunks_ >= options_.chunks_most) stop();
  if (child_ < 0) TOCSIN_CHECK(start());
  ++chunks_;
  EvtxAnswer answer;
  answer.failure = exchange(encode_evtx_request(chunk), answer.frames);
  return answer;
}

}  // namespace tocsin::collectors
