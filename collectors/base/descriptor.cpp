#include "collectors/base/descriptor.h"

#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace tocsin {

namespace {
constexpr std::size_t control_space = CMSG_SPACE(sizeof(int) * descriptors_most);
}  // namespace

void OwnedDescriptor::reset() noexcept {
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = -1;
}

ssize_t send_with_descriptors(int socket, std::string_view bytes, std::span<const int> descriptors,
                              int flags) noexcept {
  if (descriptors.size() > descriptors_most) {
    errno = EINVAL;
    return -1;
  }
  alignas(cmsghdr) std::array<char, control_space> control{};
  iovec part{const_cast<char*>(bytes.data()), bytes.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (!descriptors.empty()) {
    message.msg_control = control.data();
    message.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
    auto* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(descriptors.size_bytes());
    std::memcpy(CMSG_DATA(header), descriptors.data(), descriptors.size_bytes());
  }
  return ::sendmsg(socket, &message, flags | MSG_NOSIGNAL);
}

ReceivedMessage receive_with_descriptors(int socket, std::span<char> into, std::vector<OwnedDescriptor>& descriptors,
                                         int flags) {
  alignas(cmsghdr) std::array<char, control_space> control{};
  iovec part{into.data(), into.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  ReceivedMessage out;
  out.size = ::recvmsg(socket, &message, flags | MSG_CMSG_CLOEXEC);
  if (out.size < 0) return out;
  for (auto* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int number = -1;
      std::memcpy(&number, CMSG_DATA(header) + i * sizeof number, sizeof number);
      descriptors.emplace_back(number);
    }
  }
  out.cut = (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0;
  return out;
}

}  // namespace tocsin
