#include "collectors/base/descriptor.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
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

bool write_all(int descriptor, Bytes bytes) noexcept {
  while (!bytes.empty()) {
    const auto count = ::write(descriptor, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return true;
}

bool read_exactly(int descriptor, std::span<std::uint8_t> into) noexcept {
  while (!into.empty()) {
    const auto count = ::read(descriptor, into.data(), into.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    into = into.subspan(static_cast<std::size_t>(count));
  }
  return true;
}

std::optional<std::string> read_all(int descriptor, std::size_t most) {
  std::string out;
  std::array<char, 65536> buffer{};
  while (out.size() <= most) {
    const auto count = ::read(descriptor, buffer.data(), std::min(buffer.size(), most + 1 - out.size()));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return std::nullopt;
    if (count == 0) break;
    out.append(buffer.data(), static_cast<std::size_t>(count));
  }
  return out;
}

Result<void> replace_file(const std::string& path, Bytes content, mode_t mode) {
  const auto draft = path + ".part";
  OwnedDescriptor file(::open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode));
  if (!file) return fail_errno("cannot make " + draft, errno);
  const bool whole = write_all(file.get(), content) && ::fsync(file.get()) == 0;
  int cause = errno;
  file.reset();
  if (whole && ::rename(draft.c_str(), path.c_str()) == 0) return {};
  if (whole) cause = errno;
  ::unlink(draft.c_str());
  return fail_errno("cannot write " + path, cause);
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
