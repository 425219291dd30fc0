#include "daemon/control/server.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/write.hpp>
#include <boost/json.hpp>

#include "collectors/base/json.h"

namespace tocsin::daemon {

namespace asio = boost::asio;
namespace json = boost::json;

// What all sessions of one server share; outlives them.
struct SessionHost {
  SessionHost(const ControlOptions& o, const MethodTable& m) : options(o), methods(m), pool(o.calls_most) {}

  const ControlOptions options;
  const MethodTable& methods;
  boost::asio::io_context io;
  boost::asio::thread_pool pool;
  std::atomic<std::size_t> calls{0};
  std::atomic<bool> stopping{false};
};

// Reading and writing on the io thread; send() and wait() from workers.
class Session : public std::enable_shared_from_this<Session> {
 public:
  using Socket = boost::asio::local::stream_protocol::socket;
  using Instant = std::chrono::steady_clock::time_point;

  Session(SessionHost& host, Socket socket, Peer peer)
      : host_(host), socket_(std::move(socket)), peer_(std::move(peer)) {}

  // io thread.
  void start();
  void close();
  void sweep(Instant now);  // closes what is half sent or unread for too long
  bool closed() const noexcept { return closed_.load(); }
  uid_t user() const noexcept { return peer_.user; }

  // Any thread. False once closed; `wait` bounds the memory a slow client can hold.
  enum class WhenFull : std::uint8_t { wait, drop };
  bool send(std::string_view json, WhenFull when_full);
  // True when `patience` passed and the client is still there.
  bool wait(Duration patience);

 private:
  friend class SessionReply;
  void await_request();
  void on_readable();
  void handle(std::string body, Descriptors descriptors);
  void refuse(std::string_view id, Code code, std::string_view message);
  void flush();

  SessionHost& host_;
  Socket socket_;
  const Peer peer_;
  FrameReader reader_;
  Instant half_since_{};  // io thread; meaningful while a frame is partly read
  bool half_ = false;
  std::size_t calls_ = 0;  // io thread
  std::atomic<bool> closed_{false};

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> waiting_;
  std::size_t unread_ = 0;      // waiting and being written
  std::size_t write_size_ = 0;  // being written
  Instant written_{};           // last time the client took something
  std::string writing_;         // io thread
};

namespace {

constexpr std::size_t write_together = 64 * 1024;

std::string error_json(std::string_view id, Code code, std::string_view message) {
  std::string out;
  JsonWriter writer(out);
  writer.begin_object().member("id", id).key("error").begin_object();
  writer.member("code", code_name(code)).member("message", message).end_object().end_object();
  return out;
}

struct Request {
  std::string id;
  std::string method;
  json::object params;
};

Result<Request> parse_request(std::string_view body) {
  json::error_code error;
  auto value = json::parse({body.data(), body.size()}, error);
  auto* object = error ? nullptr : value.if_object();
  if (object == nullptr) return fail(Code::invalid, "a request must be a JSON object");
  Request request;
  const auto text = [&](const char* key, std::size_t most, std::string& out) {
    const auto* found = object->if_contains(key);
    const auto* string = found == nullptr ? nullptr : found->if_string();
    if (string == nullptr || string->empty() || string->size() > most) return false;
    out.assign(string->data(), string->size());
    return true;
  };
  if (!text("id", 64, request.id) || !text("method", 64, request.method))
    return fail(Code::invalid, "a request needs `id` and `method`, texts of 1 to 64 bytes");
  if (auto* params = object->if_contains("params")) {
    if (!params->is_object()) return fail(Code::invalid, "`params` of a request must be an object");
    request.params = std::move(params->get_object());
  }
  return request;
}

}  // namespace

class SessionReply final : public Reply {
 public:
  SessionReply(Session& session, std::string_view id) : session_(session), summary_writer_(summary_) {
    JsonWriter(id_).value(id);
    summary_writer_.begin_object();
  }

  bool row(std::string_view json_object) override {
    if (json_object.size() + id_.size() + 16 > frame_most) {
      too_large_ = true;
      return true;
    }
    return session_.send("{\"id\":" + id_ + ",\"row\":" + std::string(json_object) + "}", Session::WhenFull::wait);
  }
  bool progress(std::string_view what, std::uint64_t done, std::uint64_t of) override {
    std::string text;
    JsonWriter writer(text);
    writer.begin_object().key("id").raw(id_).key("progress").begin_object();
    writer.member("what", what).member("done", done).member("of", of).end_object().end_object();
    return session_.send(text, Session::WhenFull::drop);
  }
  void summary(std::string_view key, std::string_view text) override {
    const std::lock_guard lock(mutex_);
    summary_writer_.member(key, text);
  }
  void summary(std::string_view key, std::int64_t number) override {
    const std::lock_guard lock(mutex_);
    summary_writer_.member(key, number);
  }
  bool wait(Duration patience) override { return session_.wait(patience); }

  void finish(const Result<void>& result) {
    const std::lock_guard lock(mutex_);
    if (!result) {
      session_.send(error_frame(result.error().code, result.error().text()), Session::WhenFull::wait);
    } else if (too_large_) {
      session_.send(
          error_frame(Code::partial, "a row larger than 16 MiB was left out; ask for fewer fields with --fields"),
          Session::WhenFull::wait);
    } else {
      summary_writer_.end_object();
      session_.send("{\"id\":" + id_ + ",\"done\":true,\"summary\":" + summary_ + "}", Session::WhenFull::wait);
    }
  }

 private:
  std::string error_frame(Code code, std::string_view message) const {
    std::string out = "{\"id\":" + id_ + ",\"error\":";
    JsonWriter writer(out);
    writer.begin_object().member("code", code_name(code)).member("message", message).end_object();
    return out + "}";
  }

  Session& session_;
  std::string id_;  // as JSON
  std::mutex mutex_;
  std::string summary_;
  JsonWriter summary_writer_;
  std::atomic<bool> too_large_{false};
};

void Session::start() {
  written_ = std::chrono::steady_clock::now();
  if (peer_.roles.empty())
    refuse("", Code::denied,
           peer_.text() +
               " has no role here; ask to be put into one of the groups that `control` in tocsin.yaml names "
               "(as it comes: tocsin-viewer, tocsin-analyst)");
  await_request();
}

void Session::await_request() {
  socket_.async_wait(Socket::wait_read, [self = shared_from_this()](const boost::system::error_code& error) {
    if (error) self->close();
    else self->on_readable();
  });
}

void Session::on_readable() {
  // A few frames at a time: one busy client must not keep the thread.
  for (int i = 0; i < 8 && !closed(); ++i) {
    const auto state = reader_.read(socket_.native_handle());
    if (state == FrameReader::State::closed || state == FrameReader::State::broken) return close();
    if (state == FrameReader::State::waiting) {
      if (!reader_.empty() && !half_) half_since_ = std::chrono::steady_clock::now();
      half_ = !reader_.empty();
      break;
    }
    half_ = false;
    handle(reader_.take_body(), reader_.take_descriptors());
  }
  if (!closed()) await_request();
}

void Session::refuse(std::string_view id, Code code, std::string_view message) {
  send(error_json(id, code, message), WhenFull::drop);
}

void Session::handle(std::string body, Descriptors descriptors) {
  auto request = parse_request(body);
  if (!request) return refuse("", request.error().code, request.error().message);
  const auto& options = host_.options;
  const auto* method = host_.methods.find(request->method);
  if (host_.stopping) return refuse(request->id, Code::unreachable, "tocsind is stopping; try again in a moment");
  if (method == nullptr)
    return refuse(
        request->id, Code::usage,
        "tocsind knows no method `" + request->method + "`; near it: " + host_.methods.nearest_name(request->method));
  if (!peer_.roles.allows(method->least)) {
    if (options.observer) options.observer(peer_, method->name, code_name(Code::denied));
    return refuse(request->id, Code::denied,
                  method->name + " needs the role " + std::string(role_name(method->least)) + ", and " + peer_.text() +
                      " has " + peer_.roles.text() + "; ask an administrator for the unix group of that role");
  }
  if (calls_ >= options.calls_of_one_connection_most || host_.calls >= options.calls_most)
    return refuse(request->id, Code::exhausted, "too many calls at once; wait for one to end");
  ++calls_;
  ++host_.calls;
  asio::post(host_.pool, [self = shared_from_this(), method, call = std::make_shared<Request>(*std::move(request)),
                          files = std::make_shared<Descriptors>(std::move(descriptors))] {
    SessionReply reply(*self, call->id);
    const auto result = method->handler(Call(method->name, self->peer_, call->params, *files), reply);
    if (self->host_.options.observer)
      self->host_.options.observer(self->peer_, method->name, result ? "ok" : code_name(result.error().code));
    --self->host_.calls;  // before the answer, so that a client that saw it may call again at once
    asio::post(self->host_.io, [self] { --self->calls_; });
    reply.finish(result);
  });
}

bool Session::send(std::string_view json_text, WhenFull when_full) {
  auto frame = encode_frame(json_text);
  {
    std::unique_lock lock(mutex_);
    const auto room = [&] { return closed() || unread_ == 0 || unread_ + frame.size() <= host_.options.unread_most; };
    if (!room()) {
      if (when_full == WhenFull::drop) return !closed();
      if (!changed_.wait_for(lock, host_.options.slow_reader, room)) {
        lock.unlock();
        asio::post(host_.io, [self = shared_from_this()] { self->close(); });
        return false;
      }
    }
    if (closed()) return false;
    unread_ += frame.size();
    waiting_.push_back(std::move(frame));
  }
  asio::post(host_.io, [self = shared_from_this()] { self->flush(); });
  return true;
}

void Session::flush() {
  if (closed() || !writing_.empty()) return;
  {
    const std::lock_guard lock(mutex_);
    while (!waiting_.empty() && writing_.size() < write_together) {
      writing_ += waiting_.front();
      waiting_.pop_front();
    }
    write_size_ = writing_.size();
    written_ = std::chrono::steady_clock::now();
  }
  if (writing_.empty()) return;
  asio::async_write(socket_, asio::buffer(writing_),
                    [self = shared_from_this()](const boost::system::error_code& error, std::size_t) {
                      {
                        const std::lock_guard lock(self->mutex_);
                        self->unread_ -= self->write_size_;
                        self->write_size_ = 0;
                      }
                      self->writing_.clear();
                      self->changed_.notify_all();
                      if (error) self->close();
                      else self->flush();
                    });
}

bool Session::wait(Duration patience) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, patience, [&] { return closed() || host_.stopping; });
  return !closed() && !host_.stopping;
}

void Session::sweep(Instant now) {
  if (half_ && now - half_since_ > host_.options.half_frame) return close();
  Instant since;
  {
    const std::lock_guard lock(mutex_);
    if (write_size_ == 0) return;
    since = written_;
  }
  if (now - since > host_.options.slow_reader) close();
}

void Session::close() {
  {
    const std::lock_guard lock(mutex_);
    if (closed_.exchange(true)) return;
    waiting_.clear();
  }
  boost::system::error_code ignored;
  socket_.close(ignored);
  changed_.notify_all();
}

namespace {

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
