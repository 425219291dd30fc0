#include "collectors/opener/server.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>

#include <fmt/format.h>

#include "collectors/base/text.h"

namespace tocsin::collectors {
namespace {

class Server {
 public:
  Server(OpenerServerOptions options, Opener& opener, Log& log)
      : options_(std::move(options)), opener_(opener), log_(log) {
    if (options_.connection) connections_.push_back(std::move(options_.connection));
  }
  Result<void> run();

 private:
  void accept_one();
  bool answer_one(int socket);  // false: drop the connection
  bool take_signal();           // false: stop

  OpenerServerOptions options_;
  Opener& opener_;
  Log& log_;
  std::vector<OwnedDescriptor> connections_;
};

void Server::accept_one() {
  OwnedDescriptor socket(::accept4(options_.listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (!socket) return;
  ucred peer{};
  socklen_t size = sizeof peer;
  const bool known = ::getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0;
  const bool welcome = known && (peer.uid == 0 || peer.uid == ::geteuid() ||
                                 std::ranges::find(options_.clients, peer.uid) != options_.clients.end());
  if (!welcome || connections_.size() >= opener_connections_most) {
    log_.limited(LogLevel::warning, "refused",
                 fmt::format("connection of uid {} refused", known ? std::to_string(peer.uid) : "?"));
    return;
  }
  // A client that does not read its answer must not stop the others.
  timeval limit{5, 0};
  ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  connections_.push_back(std::move(socket));
}

bool Server::answer_one(int socket) {
  const auto datagram = receive_datagram(socket);
  if (!datagram || datagram->bytes.empty()) return false;
  OpenerReply reply;
  if (const auto request = decode_request(as_bytes(datagram->bytes))) reply = opener_.answer(*request);
  else reply.error = request.error();
  if (reply.error) log_.limited(LogLevel::info, reply.error->message, escape_terminal(reply.error->text()));
  if (const auto sent = send_datagram(socket, encode_reply(reply), reply.descriptors); sent) return true;
  OpenerReply shorter;  // too many names for one answer
  shorter.error = Error(Code::exhausted, "the answer is too long; use narrower globs");
  return send_datagram(socket, encode_reply(shorter), {}).has_value();
}

bool Server::take_signal() {
  signalfd_siginfo info{};
  if (::read(options_.signals.get(), &info, sizeof info) != sizeof info) return true;
  if (info.ssi_signo != SIGHUP) return false;
  if (options_.reload) options_.reload(opener_);
  return true;
}

Result<void> Server::run() {
  for (;;) {
    std::vector<pollfd> waiting{{options_.signals.get(), POLLIN, 0}, {options_.listener.get(), POLLIN, 0}};
    for (const auto& connection : connections_) waiting.push_back({connection.get(), POLLIN, 0});
    if (::poll(waiting.data(), waiting.size(), -1) < 0) {
      if (errno == EINTR) continue;
      return fail_errno("cannot wait for requests", errno);
    }
    if (waiting[0].revents != 0 && !take_signal()) return {};
    for (std::size_t i = connections_.size(); i-- > 0;)
      if (waiting[i + 2].revents != 0 && !answer_one(connections_[i].get()))
        connections_.erase(connections_.begin() + static_cast<std::ptrdiff_t>(i));
    if (waiting[1].revents != 0) accept_one();
    if (!options_.listener && connections_.empty()) return {};
  }
}

}  // namespace

Result<OwnedDescriptor> listen_for_tocsind(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path)
    return fail(Code::usage, "the socket path must have 1 to 107 bytes: " + path);
  std::memcpy(address.sun_path, path.data(), path.size());
  const auto* raw = reinterpret_cast<const sockaddr*>(&address);
  struct stat info{};
  if (::lstat(path.c_str(), &info) == 0) {
    if (!S_ISSOCK(info.st_mode)) return fail(Code::conflict, path + " exists and is not a socket; move it away");
    const OwnedDescriptor probe(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    if (::connect(probe.get(), raw, sizeof address) == 0)
      return fail(Code::conflict, "another tocsin-opener already answers at " + path + "; stop it first");
    ::unlink(path.c_str());
  }
  OwnedDescriptor socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  if (!socket) return fail_errno("cannot make a socket", errno);
  if (::bind(socket.get(), raw, sizeof address) != 0 || ::chmod(path.c_str(), 0666) != 0 ||
      ::listen(socket.get(), static_cast<int>(opener_connections_most)) != 0)
    return fail_errno("cannot listen at " + path, errno);
  return socket;
}

Result<void> serve(OpenerServerOptions options, Opener& opener, Log& log) {
  return Server(std::move(options), opener, log).run();
}

}  // namespace tocsin::collectors
