#include "daemon/control/frame.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace tocsin::daemon {
namespace {

constexpr std::size_t growth = 256 * 1024;  // a body buffer grows with what came, not with what was promised

}  // namespace

std::span<char> FrameReader::wanted() {
  if (received_ < frame_header_bytes) return std::span(header_).subspan(received_);
  const std::size_t have = received_ - frame_header_bytes;
  if (body_.size() == have) body_.resize(std::min(length_, have + growth));
  return std::span(body_).subspan(have);
}

bool FrameReader::receive(int socket, State& state) {
  const auto [size, cut] = receive_with_descriptors(socket, wanted(), descriptors_, MSG_DONTWAIT);
  if (size < 0) {
    state = errno == EAGAIN || errno == EINTR ? State::waiting : State::broken;
    return false;
  }
  if (size == 0) {
    state = received_ == 0 ? State::closed : State::broken;
    return false;
  }
  received_ += static_cast<std::size_t>(size);
  if (cut || descriptors_.size() > descriptors_most) {
    state = State::broken;
    return false;
  }
  return true;
}

FrameReader::State FrameReader::read(int socket) {
  State state = State::waiting;
  for (;;) {
    if (!receive(socket, state)) return state;
    if (received_ < frame_header_bytes) continue;
    if (received_ == frame_header_bytes) {
      length_ = frame_length({header_.data(), header_.size()}, frame_most).value_or(0);
      if (length_ == 0) return State::broken;
      body_.clear();
    }
    if (received_ == frame_header_bytes + length_) return State::complete;
  }
}

std::string FrameReader::take_body() {
  received_ = 0;
  length_ = 0;
  return std::exchange(body_, {});
}

Result<void> send_all(int socket, std::string_view bytes, std::span<const int> descriptors, int milliseconds) {
  if (descriptors.size() > descriptors_most) return fail(Code::usage, "at most 64 files can be sent with one request");
  while (!bytes.empty()) {
    const auto size = send_with_descriptors(socket, bytes, descriptors, MSG_DONTWAIT);
    if (size >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(size));
      descriptors = {};
      continue;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return fail_errno("cannot write to the socket", errno);
    pollfd ready{socket, POLLOUT, 0};
    const int count = ::poll(&ready, 1, milliseconds);
    if (count == 0) return fail(Code::timed_out, "the other end of the socket does not read");
    if (count < 0 && errno != EINTR) return fail_errno("cannot wait for the socket", errno);
  }
  return {};
}

}  // namespace tocsin::daemon
