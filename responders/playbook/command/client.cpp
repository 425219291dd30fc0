#include "responders/playbook/command/client.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "collectors/base/frame.h"

namespace tocsin::responders {
namespace {

using Kind = RunnerRequest::Kind;

std::unexpected<Error> broken() {
  if (errno == EAGAIN || errno == EWOULDBLOCK) return fail(Code::timed_out, "the runner does not answer");
  return fail(Code::unreachable, "the runner closed the connection");
}

}  // namespace

RunnerClient::RunnerClient(std::string socket_path, Duration patience)
    : path_(std::move(socket_path)), patience_(patience) {}

Result<void> RunnerClient::connect() {
  if (socket_) return {};
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path_.empty() || path_.size() >= sizeof address.sun_path)
    return fail(Code::usage, "the runner's socket path is empty or too long");
  std::memcpy(address.sun_path, path_.data(), path_.size());
  OwnedDescriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket) return fail_errno("cannot make a socket", errno);
  const auto microseconds = std::chrono::duration_cast<std::chrono::microseconds>(patience_).count();
  const timeval limit{microseconds / 1'000'000, microseconds % 1'000'000};
  ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return fail(
        Code::unreachable,
        fmt::format("no runner of commands answers at {}; start tocsin-runner (systemctl start tocsin-runner)", path_));
  socket_ = std::move(socket);
  return {};
}

Result<std::string> RunnerClient::ask_once(std::string_view frame) {
  TOCSIN_CHECK(connect());
  if (send_with_descriptors(socket_.get(), frame, {}, 0) < 0) return broken();
  std::string out(frame_header_bytes, '\0');
  const auto bytes_of = [](std::string& text) {
    return std::span(reinterpret_cast<std::uint8_t*>(text.data()), text.size());
  };
  errno = 0;
  if (!read_exactly(socket_.get(), bytes_of(out))) return broken();
  const auto length = frame_length(out, command_frame_bytes_most);
  if (!length) return fail(Code::invalid, "the runner's answer is too large");
  out.assign(*length, '\0');
  if (!read_exactly(socket_.get(), bytes_of(out))) return broken();
  return out;
}

Result<std::string> RunnerClient::ask(Kind kind, const CommandRequest& request) {
  RunnerRequest asked;
  asked.kind = kind;
  asked.request = request;
  const std::string body = render_request(asked);
  if (body.size() > command_frame_bytes_most) return fail(Code::exhausted, "the playbook is too large for the runner");
  const std::string frame = encode_frame(body);
  const bool reused = static_cast<bool>(socket_);
  auto answer = ask_once(frame);
  if (!answer) socket_.reset();
  if (!answer && reused && answer.error().code == Code::unreachable) {
    answer = ask_once(frame);
    if (!answer) socket_.reset();
  }
  return answer;
}

Result<GuardVerdict> RunnerClient::judge(const CommandRequest& request) {
  TOCSIN_TRY(const std::string answer, ask(Kind::judge, request));
  return parse_command_verdict(answer);
}

Result<CommandAnswer> RunnerClient::run(const CommandRequest& request) {
  TOCSIN_TRY(const std::string answer, ask(Kind::run, request));
  return parse_command_answer(answer);
}

void RunnerClient::cancel(const std::string& key) {
  CommandRequest request;
  request.key = key;
  // When it does not answer, the command runs until its own time is over.
  [[maybe_unused]] const auto answer = ask(Kind::cancel, request);
}

Result<void> RunnerClient::status() {
  TOCSIN_TRY(const std::string answer, ask(Kind::status, {}));
  if (answer.find("\"ok\":true") == std::string::npos) return fail(Code::denied, "the runner does not answer to us");
  return {};
}

}  // namespace tocsin::responders
