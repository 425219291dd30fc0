#include "responders/playbook/command/server.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include <fmt/format.h>

#include "collectors/base/frame.h"
#include "responders/playbook/command/protocol.h"

namespace tocsin::responders {
namespace {

constexpr std::size_t connections_most = 16;

template <class T>
std::string answer_of(const Result<T>& result) {
  return result ? render_answer(*result) : render_command_error(result.error());
}

}  // namespace

CommandServer::CommandServer(int listener, CommandDesk& desk, Log& log) : listener_(listener), desk_(desk), log_(log) {}

CommandServer::~CommandServer() {
  for (const auto& connection : connections_) ::shutdown(connection->socket.get(), SHUT_RDWR);
  for (const auto& connection : connections_) connection->thread.join();
}

bool CommandServer::turn(int stop) {
  std::erase_if(connections_, [](const auto& connection) {
    if (!connection->over) return false;
    connection->thread.join();
    return true;
  });
  std::array<pollfd, 2> waits{
      {{stop, POLLIN, 0}, {connections_.size() < connections_most ? listener_.get() : -1, POLLIN, 0}}};
  if (::poll(waits.data(), waits.size(), 1000) < 0) return errno == EINTR;
  if (waits[0].revents != 0) return false;
  if (waits[1].revents != 0) accept_one();
  return true;
}

bool CommandServer::may_ask(int socket, std::uint32_t& user) const {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
  user = peer.uid;
  return peer.uid == 0 || peer.uid == ::geteuid() || desk_.policy().users.contains(peer.uid);
}

void CommandServer::accept_one() {
  OwnedDescriptor socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (!socket) return;
  std::uint32_t user = UINT32_MAX;
  if (!may_ask(socket.get(), user)) {
    log_.limited(LogLevel::warning, "peer", fmt::format("uid {} may not ask for commands", user));
    const std::string refusal = encode_frame(render_command_error(
        Error(Code::denied, fmt::format("uid {} is not among the `users` of the runner's policy", user))));
    [[maybe_unused]] const auto sent = send_with_descriptors(socket.get(), refusal, {}, MSG_DONTWAIT);
    return;
  }
  auto connection = std::make_unique<Connection>();
  connection->socket = std::move(socket);
  Connection& served = *connection;
  connections_.push_back(std::move(connection));
  served.thread = std::thread([this, &served] {
    serve(served);
    served.over = true;
  });
}

void CommandServer::serve(Connection& connection) {
  std::array<std::uint8_t, frame_header_bytes> header{};
  while (read_exactly(connection.socket.get(), header)) {
    const auto length =
        frame_length({reinterpret_cast<const char*>(header.data()), header.size()}, command_frame_bytes_most);
    if (!length) {
      log_.limited(LogLevel::warning, "frame", "a frame that is too large");
      break;
    }
    std::string body(*length, '\0');
    if (!read_exactly(connection.socket.get(), {reinterpret_cast<std::uint8_t*>(body.data()), body.size()})) break;
    std::string said = answer(body);
    if (said.size() > command_frame_bytes_most)
      said = render_command_error(Error(Code::exhausted, "the answer is too large"));
    const std::string frame = encode_frame(said);
    std::string_view rest = frame;
    while (!rest.empty()) {
      const ssize_t sent = send_with_descriptors(connection.socket.get(), rest, {}, 0);
      if (sent < 0 && errno == EINTR) continue;
      if (sent <= 0) break;
      rest.remove_prefix(static_cast<std::size_t>(sent));
    }
    if (!rest.empty()) break;
  }
  ::shutdown(connection.socket.get(), SHUT_RDWR);
}

std::string CommandServer::answer(std::string_view body) {
  const auto request = parse_runner_request(body);
  if (!request) return render_command_error(request.error());
  const std::scoped_lock lock(mutex_);
  switch (request->kind) {
    case RunnerRequest::Kind::judge: return answer_of(desk_.judge(request->request));
    case RunnerRequest::Kind::run: {
      const auto said = desk_.run(request->request);
      if (!said) log_.limited(LogLevel::warning, "run", said.error().text());
      return answer_of(said);
    }
    case RunnerRequest::Kind::cancel: desk_.cancel(request->request.key); break;
    case RunnerRequest::Kind::status: break;
  }
  return "{\"ok\":true}";
}

}  // namespace tocsin::responders
