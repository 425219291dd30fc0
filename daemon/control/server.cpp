#include "daemon/control/server.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <list>
#include <thread>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "daemon/control/session.h"

namespace tocsin::daemon {
namespace {

namespace asio = boost::asio;
using Protocol = asio::local::stream_protocol;

Result<sockaddr_un> socket_address(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path)
    return fail(Code::usage, "the control socket path must have 1 to 107 bytes: " + path);
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

// Replaces a socket file nobody listens on; refuses when somebody does, or when it is not a socket.
Result<int> listen_at(const std::string& path) {
  TOCSIN_TRY(const sockaddr_un address, socket_address(path));
  const auto* raw = reinterpret_cast<const sockaddr*>(&address);
  struct stat info{};
  if (::lstat(path.c_str(), &info) == 0) {
    if (!S_ISSOCK(info.st_mode)) return fail(Code::conflict, path + " exists and is not a socket; move it away");
    const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const bool alive = probe >= 0 && ::connect(probe, raw, sizeof address) == 0;
    if (probe >= 0) ::close(probe);
    if (alive)
      return fail(Code::conflict, "another tocsind already answers at " + path +
                                      "; stop it first, or give this one another control.socket");
    ::unlink(path.c_str());
  }
  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (socket < 0) return fail_errno("cannot make the control socket", errno);
  // Everybody may connect; what they may ask is decided by who they are.
  if (::bind(socket, raw, sizeof address) != 0 || ::chmod(path.c_str(), 0666) != 0 || ::listen(socket, 64) != 0) {
    const int error = errno;
    ::close(socket);
    return fail_errno("cannot listen at " + path, error);
  }
  return socket;
}

}  // namespace

struct ControlServer::State {
  State(const ControlOptions& options, const MethodTable& methods)
      : host(options, methods), acceptor(host.io), timer(host.io) {}

  void accept_next();
  void admit(Protocol::socket socket);
  void sweep_later();
  void stop();

  SessionHost host;
  Protocol::acceptor acceptor;
  asio::steady_timer timer;
  std::list<std::shared_ptr<Session>> sessions;  // io thread
  std::atomic<std::size_t> open{0};
  std::thread thread;
  bool owns_file = false;
  bool stopped = false;
};

void ControlServer::State::accept_next() {
  acceptor.async_accept([this](const boost::system::error_code& error, Protocol::socket socket) {
    if (error == asio::error::operation_aborted || host.stopping) return;
    if (!error) admit(std::move(socket));
    if (error == boost::system::errc::too_many_files_open) {
      timer.expires_after(std::chrono::seconds{1});  // do not spin while descriptors are short
      timer.async_wait([this](const boost::system::error_code& aborted) {
        if (!aborted) accept_next();
        sweep_later();
      });
      return;
    }
    accept_next();
  });
}

void ControlServer::State::admit(Protocol::socket socket) {
  std::erase_if(sessions, [](const auto& session) { return session->closed(); });
  auto peer = peer_of(socket.native_handle(), host.options.policy);
  if (!peer) return;
  const auto of_user = std::ranges::count_if(sessions, [&](const auto& s) { return s->user() == peer->user; });
  // Over a cap the connection is closed at once; the client says that the daemon closed it.
  if (sessions.size() >= host.options.connections_most ||
      static_cast<std::size_t>(of_user) >= host.options.connections_of_one_user_most)
    return;
  boost::system::error_code ignored;
  socket.native_non_blocking(true, ignored);
  sessions.push_back(std::make_shared<Session>(host, std::move(socket), *std::move(peer)));
  open = sessions.size();
  sessions.back()->start();
}

void ControlServer::State::sweep_later() {
  timer.expires_after(std::chrono::seconds{1});
  timer.async_wait([this](const boost::system::error_code& aborted) {
    if (aborted) return;
    const auto now = std::chrono::steady_clock::now();
    for (const auto& session : sessions) session->sweep(now);
    std::erase_if(sessions, [](const auto& session) { return session->closed(); });
    open = sessions.size();
    sweep_later();
  });
}

void ControlServer::State::stop() {
  if (std::exchange(stopped, true)) return;
  host.stopping = true;
  asio::post(host.io, [this] {
    boost::system::error_code ignored;
    acceptor.close(ignored);
    timer.cancel();
    for (const auto& session : sessions) session->close();
  });
  host.pool.join();
  host.io.stop();
  if (thread.joinable()) thread.join();
  sessions.clear();
  if (owns_file) ::unlink(host.options.path.c_str());
}

ControlServer::ControlServer(std::shared_ptr<State> state) : state_(std::move(state)) {}
ControlServer::ControlServer(ControlServer&&) noexcept = default;
ControlServer& ControlServer::operator=(ControlServer&& other) noexcept {
  if (state_) state_->stop();
  state_ = std::move(other.state_);
  return *this;
}
ControlServer::~ControlServer() {
  if (state_) state_->stop();
}

void ControlServer::stop() { state_->stop(); }
std::size_t ControlServer::connections() const noexcept { return state_->open; }

Result<ControlServer> ControlServer::start(ControlOptions options, const MethodTable& methods) {
  int listener = options.listener;
  const bool own = listener < 0;
  if (own) {
    TOCSIN_TRY(listener, listen_at(options.path));
  }
  auto state = std::make_shared<State>(options, methods);
  boost::system::error_code error;
  state->acceptor.assign(Protocol(), listener, error);
  if (error) {
    ::close(listener);
    return fail(Code::failure, "cannot use the control socket: " + error.message());
  }
  state->owns_file = own;
  state->accept_next();
  state->sweep_later();
  state->thread = std::thread([raw = state.get()] {
    const auto work = asio::make_work_guard(raw->host.io);
    raw->host.io.run();
  });
  return ControlServer(std::move(state));
}

}  // namespace tocsin::daemon
