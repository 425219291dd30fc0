#include "responders/guard/service.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include <fmt/format.h>

#include "collectors/base/text.h"

namespace tocsin::responders {
namespace {

constexpr int first_given_descriptor = 3;

std::optional<std::string> environment(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): one thread
  if (value == nullptr || *value == '\0') return std::nullopt;
  return std::string(value);
}

std::optional<sockaddr_un> unix_address(std::string_view path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) return std::nullopt;
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

// A socket file that nobody listens on any more is in the way after a crash; a live one belongs to another process.
Result<void> clear_stale(const std::string& path, const sockaddr_un& address) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0) return {};
  if (!S_ISSOCK(status.st_mode)) return fail(Code::conflict, fmt::format("{} is in the way and is no socket", path));
  const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool alive = ::connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::close(probe);
  if (alive) return fail(Code::conflict, fmt::format("another process listens on {}", path));
  if (::unlink(path.c_str()) != 0) return fail_errno(fmt::format("cannot remove the old socket {}", path), errno);
  return {};
}

}  // namespace

void tell_service_manager(std::string_view message) {
  const auto path = environment("NOTIFY_SOCKET");
  if (!path) return;
  auto address = unix_address(*path);
  if (!address) return;
  if (address->sun_path[0] == '@') address->sun_path[0] = '\0';
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path->size());
  const int socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return;
  ::sendto(socket, message.data(), message.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&*address), size);
  ::close(socket);
}

std::optional<Duration> watchdog_interval() {
  const auto text = environment("WATCHDOG_USEC");
  const auto microseconds = text ? parse_unsigned(*text) : std::nullopt;
  if (!microseconds || *microseconds == 0) return std::nullopt;
  return std::chrono::microseconds(*microseconds / 2);
}

Result<int> listen_on(const std::string& path) {
  const auto count = parse_unsigned(environment("LISTEN_FDS").value_or("0"));
  const auto process = parse_unsigned(environment("LISTEN_PID").value_or("0"));
  if (count && *count >= 1 && process && *process == static_cast<std::uint64_t>(::getpid())) {
    ::fcntl(first_given_descriptor, F_SETFD, FD_CLOEXEC);
    ::fcntl(first_given_descriptor, F_SETFL, O_NONBLOCK);
    return first_given_descriptor;
  }
  const auto address = unix_address(path);
  if (!address) return fail(Code::usage, "the socket path is empty or too long");
  TOCSIN_CHECK(clear_stale(path, *address));
  const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (listener < 0) return fail_errno("cannot make a socket", errno);
  // Closed to others from its first moment on.
  const mode_t before = ::umask(0117);
  const int bound = ::bind(listener, reinterpret_cast<const sockaddr*>(&*address), sizeof *address);
  const int reason = errno;
  ::umask(before);
  if (bound != 0) {
    ::close(listener);
    return fail_errno(fmt::format("cannot listen on {}", path), reason);
  }
  struct stat folder{};
  if (::stat(path.substr(0, path.rfind('/')).c_str(), &folder) == 0)
    static_cast<void>(::chown(path.c_str(), static_cast<uid_t>(-1), folder.st_gid) == 0);
  if (::listen(listener, 64) != 0) return fail_errno(fmt::format("cannot listen on {}", path), errno);
  return listener;
}

}  // namespace tocsin::responders
