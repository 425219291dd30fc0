#include "daemon/control/frame.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace tocsin::daemon {
namespace {

constexpr std::size_t header_size = 4;
constexpr std::size_t growth = 256 * 1024;  // a body buffer grows with what came, not with what was promised

constexpr std::size_t control_space = CMSG_SPACE(sizeof(int) * descriptors_most);

}  // namespace

void Descriptors::clear() noexcept {
  for (const int descriptor : items_)
    if (descriptor >= 0) ::close(descriptor);
  items_.clear();
}

std::string encode_frame(std::string_view json) {
  const auto size = static_cast<std::uint32_t>(json.size());
  std::string out;
  out.reserve(header_size + json.size());
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>((size >> shift) & 0xFFU);
  out += json;
  return out;
}

std::span<char> FrameReader::wanted() {
  if (received_ < header_size) return std::span(header_).subspan(received_);
  const std::size_t have = received_ - header_size;
  if (body_.size() == have) body_.resize(std::min(length_, have + growth));
  return std::span(body_).subspan(have);
}

bool FrameReader::receive(int socket, State& state) {
  const auto place = wanted();
  alignas(cmsghdr) std::array<char, control_space> control{};
  iovec part{place.data(), place.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const auto size = ::recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (size < 0) {
    state = errno == EAGAIN || errno == EINTR ? State::waiting : State::broken;
    return false;
  }
  for (auto* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int descriptor = -1;
      std::memcpy(&descriptor, CMSG_DATA(c) + i * sizeof(int), sizeof descriptor);
      descriptors_.add(descriptor);
    }
  }
  if (size == 0) {
    state = received_ == 0 ? State::closed : State::broken;
    return false;
  }
  received_ += static_cast<std::size_t>(size);
  if ((message.msg_flags & MSG_CTRUNC) != 0 || descriptors_.size() > descriptors_most) {
    state = State::broken;
    return false;
  }
  return true;
}

FrameReader::State FrameReader::read(int socket) {
  State state = State::waiting;
  for (;;) {
    if (!receive(socket, state)) return state;
    if (received_ < header_size) continue;
    if (received_ == header_size) {
      length_ = 0;
      for (const char c : header_) length_ = (length_ << 8U) | static_cast<unsigned char>(c);
      if (length_ == 0 || length_ > frame_most) return State::broken;
      body_.clear();
    }
    if (received_ == header_size + length_) return State::complete;
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
    alignas(cmsghdr) std::array<char, control_space> control{};
    iovec part{const_cast<char*>(bytes.data()), bytes.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (!descriptors.empty()) {
      message.msg_control = control.data();
      message.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
      auto* c = CMSG_FIRSTHDR(&message);
      c->cmsg_level = SOL_SOCKET;
      c->cmsg_type = SCM_RIGHTS;
      c->cmsg_len = CMSG_LEN(descriptors.size_bytes());
      std::memcpy(CMSG_DATA(c), descriptors.data(), descriptors.size_bytes());
    }
    const auto size = ::sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
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
