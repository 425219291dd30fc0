#include "responders/guard/client.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

namespace tocsin::responders {
namespace {

Result<void> send_all(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return fail(Code::unreachable, "the responder closed the connection");
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return {};
}

Result<std::string> receive(int socket, std::size_t size, std::vector<OwnedDescriptor>& beside) {
  std::string out(size, '\0');
  std::size_t have = 0;
  while (have < size) {
    const auto [got, cut] = receive_with_descriptors(socket, std::span(out).subspan(have), beside, 0);
    if (cut) return fail(Code::invalid, "the responder sent more than is understood");
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
      return fail(Code::timed_out, "the responder does not answer");
    if (got <= 0) return fail(Code::unreachable, "the responder closed the connection");
    have += static_cast<std::size_t>(got);
  }
  return out;
}

GuardRequest about(GuardRequest::Kind kind, const std::string& key, const std::string& reason) {
  GuardRequest request;
  request.kind = kind;
  request.key = key;
  request.reason = reason;
  return request;
}

}  // namespace

ResponderClient::ResponderClient(std::string socket_path, Duration patience)
    : path_(std::move(socket_path)), patience_(patience) {}

ResponderClient::~ResponderClient() { disconnect(); }

void ResponderClient::disconnect() noexcept {
  if (socket_ >= 0) ::close(socket_);
  socket_ = -1;
}

Result<void> ResponderClient::connect() {
  if (socket_ >= 0) return {};
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path_.size() >= sizeof address.sun_path) return fail(Code::usage, "the responder's socket path is too long");
  std::memcpy(address.sun_path, path_.data(), path_.size());
  socket_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket_ < 0) return fail_errno("cannot make a socket", errno);
  const auto microseconds = std::chrono::duration_cast<std::chrono::microseconds>(patience_).count();
  const timeval limit{microseconds / 1'000'000, microseconds % 1'000'000};
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return {};
  const int reason = errno;
  disconnect();
  if (reason == EACCES)
    return fail(
        Code::denied,
        fmt::format("you may not talk to the responder at {}; ask to be put into the group of that socket", path_));
  return fail(
      Code::unreachable,
      fmt::format("no responder answers at {}; start tocsin-responder (systemctl start tocsin-responder)", path_));
}

Result<std::string> ResponderClient::ask_once(const std::string& frame, Descriptors& beside) {
  TOCSIN_CHECK(connect());
  TOCSIN_CHECK(send_all(socket_, frame));
  TOCSIN_TRY(const std::string header, receive(socket_, frame_header_bytes, beside));
  const auto length = frame_length(header, frame_bytes_most);
  if (!length) return fail(Code::invalid, "the responder's answer is too large");
  return receive(socket_, *length, beside);
}

Result<std::string> ResponderClient::ask(const GuardRequest& request, Descriptors& beside) {
  TOCSIN_TRY(const std::string frame, make_frame(render_request(request)));
  const bool reused = socket_ >= 0;
  auto answer = ask_once(frame, beside);
  if (!answer) disconnect();
  // An old connection may have died with the responder it belonged to. Every request is safe to send again: keys make
  // effects happen once.
  if (!answer && reused && answer.error().code == Code::unreachable) {
    answer = ask_once(frame, beside);
    if (!answer) disconnect();
  }
  return answer;
}

Result<Rehearsed> ResponderClient::rehearse(const ActionRequest& request) {
  GuardRequest out;
  out.kind = GuardRequest::Kind::rehearse;
  out.request = request;
  TOCSIN_TRY(const std::string answer, ask(out));
  return parse_rehearsed(answer);
}

Result<Applied> ResponderClient::apply(const ActionRequest& request) {
  GuardRequest out;
  out.kind = GuardRequest::Kind::apply;
  out.request = request;
  TOCSIN_TRY(const std::string answer, ask(out));
  return parse_applied(answer);
}

Result<std::vector<OwnedDescriptor>> ResponderClient::take(const std::string& key) {
  Descriptors out;
  TOCSIN_TRY(const std::string answer, ask(about(GuardRequest::Kind::take, key, {}), out));
  TOCSIN_CHECK(parse_status(answer));
  return out;
}

Result<Applied> ResponderClient::approve(const std::string& key, const std::string& reason) {
  TOCSIN_TRY(const std::string answer, ask(about(GuardRequest::Kind::approve, key, reason)));
  return parse_applied(answer);
}

Result<Verification> ResponderClient::verify(const std::string& key) {
  TOCSIN_TRY(const std::string answer, ask(about(GuardRequest::Kind::verify, key, {})));
  return parse_verification(answer);
}

Result<Outcome> ResponderClient::undo(const std::string& key, const std::string& reason) {
  TOCSIN_TRY(const std::string answer, ask(about(GuardRequest::Kind::undo, key, reason)));
  return parse_outcome(answer);
}

Result<std::string> ResponderClient::halt(const std::string& reason) {
  TOCSIN_TRY(std::string answer, ask(about(GuardRequest::Kind::halt, {}, reason)));
  TOCSIN_CHECK(parse_status(answer));
  return answer;
}

Result<std::string> ResponderClient::resume(const std::string& reason) {
  TOCSIN_TRY(std::string answer, ask(about(GuardRequest::Kind::resume, {}, reason)));
  TOCSIN_CHECK(parse_status(answer));
  return answer;
}

Result<std::string> ResponderClient::status() {
  TOCSIN_TRY(std::string answer, ask(about(GuardRequest::Kind::status, {}, {})));
  TOCSIN_CHECK(parse_status(answer));
  return answer;
}

Result<std::string> ResponderClient::list() {
  TOCSIN_TRY(std::string answer, ask(about(GuardRequest::Kind::list, {}, {})));
  TOCSIN_CHECK(parse_status(answer));
  return answer;
}

}  // namespace tocsin::responders
