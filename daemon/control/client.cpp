#include "daemon/control/client.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>

#include <boost/json.hpp>

#include "collectors/base/json.h"

namespace tocsin::daemon {
namespace {

namespace json = boost::json;

int milliseconds(Duration patience) {
  if (patience <= Duration{0}) return -1;
  return static_cast<int>(
      std::min<std::int64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(patience).count(), INT32_MAX));
}

std::string text_of(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains({key.data(), key.size()});
  const auto* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string{} : std::string(*text);
}

std::uint64_t number_of(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains({key.data(), key.size()});
  if (value == nullptr || !value->is_number()) return 0;
  json::error_code error;
  const auto number = value->to_number<std::uint64_t>(error);
  return error ? 0 : number;
}

// Nothing while the answer goes on; otherwise how it ended.
std::optional<Result<std::string>> take_answer(const json::object& answer, const CallHandlers& handlers) {
  if (const auto* row = answer.if_contains("row")) {
    if (row->is_object() && handlers.row && !handlers.row(row->get_object())) return Result<std::string>("{}");
    return std::nullopt;
  }
  if (const auto* progress = answer.if_contains("progress")) {
    if (const auto* p = progress->if_object(); p != nullptr && handlers.progress)
      handlers.progress(text_of(*p, "what"), number_of(*p, "done"), number_of(*p, "of"));
    return std::nullopt;
  }
  if (const auto* error = answer.if_contains("error")) {
    if (const auto* e = error->if_object())
      return Result<std::string>(fail(parse_code(text_of(*e, "code")), text_of(*e, "message")));
    return Result<std::string>(fail(Code::failure, "the daemon reported an error without saying which"));
  }
  if (answer.if_contains("done") == nullptr)
    return Result<std::string>(
        fail(Code::invalid, "the daemon sent an answer that is not understood; is it of the same version?"));
  const auto* summary = answer.if_contains("summary");
  return Result<std::string>(summary == nullptr ? "{}" : json::serialize(*summary));
}

}  // namespace

ControlClient::ControlClient(ControlClient&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)), reader_(std::move(other.reader_)), next_id_(other.next_id_) {}

ControlClient& ControlClient::operator=(ControlClient&& other) noexcept {
  std::swap(socket_, other.socket_);
  std::swap(reader_, other.reader_);
  next_id_ = other.next_id_;
  return *this;
}

ControlClient::~ControlClient() {
  if (socket_ >= 0) ::close(socket_);
}

Result<ControlClient> ControlClient::connect(const std::string& path, Duration patience) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path)
    return fail(Code::usage, "the socket path " + path + " is too long; at most 107 bytes fit");
  std::memcpy(address.sun_path, path.data(), path.size());
  ControlClient client(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (client.socket_ < 0) return fail_errno("cannot make a socket", errno);
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(patience).count();
  timeval limit{std::max<std::int64_t>(seconds, 1), 0};
  ::setsockopt(client.socket_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);  // bounds connect(2) on unix sockets
  if (::connect(client.socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return client;
  const int error = errno;
  if (error == EACCES || error == EPERM) {
    auto denied = fail_errno("cannot connect to " + path, error);
    denied.error().message += "; ask to be put into the group tocsin-viewer or tocsin-analyst";
    return denied;
  }
  return fail(Code::unreachable, "tocsind does not answer at " + path + " (" + std::strerror(error) +
                                     "); start it with `systemctl start tocsind`, or name its socket with --socket");
}

Result<std::string> ControlClient::call(const CallRequest& request, const CallHandlers& handlers) {
  const auto id = std::to_string(next_id_++);
  std::string text;
  JsonWriter writer(text);
  writer.begin_object()
      .member("id", id)
      .member("method", request.method)
      .key("params")
      .raw(request.params)
      .end_object();
  if (text.size() > frame_most) return fail(Code::usage, "the request is larger than 16 MiB; narrow it");
  const int patience = milliseconds(request.patience);
  TOCSIN_CHECK(send_all(socket_, encode_frame(text), request.descriptors, patience < 0 ? 60000 : patience));
  for (;;) {
    std::array<pollfd, 2> ready{{{socket_, POLLIN, 0}, {request.listener, 0, 0}}};
    const int count = ::poll(ready.data(), ready.size(), patience);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail_errno("cannot wait for the daemon", errno);
    if (ready[0].revents == 0 && (ready[1].revents & (POLLERR | POLLHUP)) != 0) return "{}";
    if (count == 0)
      return fail(Code::timed_out,
                  "the daemon did not answer in time; look at `tocsin status`, or narrow the question");
    const auto state = reader_.read(socket_);
    if (state == FrameReader::State::waiting) continue;
    if (state != FrameReader::State::complete)
      return fail(Code::unreachable, "the daemon closed the connection; look at `journalctl -u tocsind`");
    reader_.take_descriptors().clear();
    json::error_code error;
    const auto value = json::parse(reader_.take_body(), error);
    const auto* answer = error ? nullptr : value.if_object();
    if (answer == nullptr) return fail(Code::invalid, "the daemon sent something that is not JSON");
    const auto of = text_of(*answer, "id");
    // An empty id speaks of the connection; another one is the rest of an answer nobody waits for any more.
    if (!of.empty() && of != id) continue;
    if (auto ended = take_answer(*answer, handlers)) return *std::move(ended);
  }
}

}  // namespace tocsin::daemon
