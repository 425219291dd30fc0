#pragma once
// A file descriptor with one owner, whole reads and writes, and the way of descriptors over a unix socket (SCM_RIGHTS,
// unix(7)). Any thread.

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "collectors/base/bytes.h"
#include "collectors/base/result.h"

namespace tocsin {

class OwnedDescriptor {
 public:
  OwnedDescriptor() = default;
  explicit OwnedDescriptor(int descriptor) noexcept : descriptor_(descriptor) {}
  ~OwnedDescriptor() { reset(); }
  OwnedDescriptor(OwnedDescriptor&& other) noexcept : descriptor_(other.release()) {}
  OwnedDescriptor& operator=(OwnedDescriptor&& other) noexcept {
    if (this != &other) {
      reset();
      descriptor_ = other.release();
    }
    return *this;
  }
  int get() const noexcept { return descriptor_; }
  explicit operator bool() const noexcept { return descriptor_ >= 0; }
  int release() noexcept { return std::exchange(descriptor_, -1); }
  void reset() noexcept;  // closes

 private:
  int descriptor_ = -1;
};

// write(2) until all is written. False and errno when that fails; what went before stays written.
bool write_all(int descriptor, Bytes bytes) noexcept;
// read(2) until `into` is full. False at an earlier end, and on an error.
bool read_exactly(int descriptor, std::span<std::uint8_t> into) noexcept;
// read(2) to the end, but no further than a byte past `most`: a result longer than `most` is one that was cut. Nothing
// and errno on an error.
std::optional<std::string> read_all(int descriptor, std::size_t most);
// To a name of its own beside it, synced, then renamed: whoever looks finds a whole file, the old or the new.
Result<void> replace_file(const std::string& path, Bytes content, mode_t mode);

// Beside one message; more are refused by both ends.
inline constexpr std::size_t descriptors_most = 64;

// sendmsg(2) once, with the descriptors beside the first byte: how many bytes went, or -1 and errno. SIGPIPE is never
// raised. EINVAL above descriptors_most.
ssize_t send_with_descriptors(int socket, std::string_view bytes, std::span<const int> descriptors, int flags) noexcept;

struct ReceivedMessage {
  ssize_t size = 0;  // 0: the other end closed; -1: see errno
  bool cut = false;  // bytes or descriptors did not fit
};
// recvmsg(2) once. What came beside the bytes is appended to `descriptors`, closed on exec.
ReceivedMessage receive_with_descriptors(int socket, std::span<char> into, std::vector<OwnedDescriptor>& descriptors,
                                         int flags);

}  // namespace tocsin
