#pragma once
// One message on the control socket: a frame (collectors/base/frame.h) of JSON, and at most 64 file descriptors that
// travel with its first bytes. Used by both ends.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "collectors/base/descriptor.h"
#include "collectors/base/frame.h"
#include "collectors/base/result.h"

namespace tocsin::daemon {

inline constexpr std::size_t frame_most = 16U << 20U;

using Descriptors = std::vector<OwnedDescriptor>;

// Collects one frame at a time from a stream socket, reading never past its end, so that descriptors belong to it.
class FrameReader {
 public:
  enum class State : std::uint8_t { waiting, complete, closed, broken };
  // Reads what is there. `broken`: too long, too many descriptors, or a socket error; drop the connection.
  State read(int socket);
  bool empty() const noexcept { return received_ == 0; }
  // After `complete`; makes room for the next frame.
  std::string take_body();
  Descriptors take_descriptors() { return std::exchange(descriptors_, {}); }

 private:
  std::span<char> wanted();
  bool receive(int socket, State& state);

  std::array<char, frame_header_bytes> header_{};
  std::string body_;
  std::size_t received_ = 0;  // header included
  std::size_t length_ = 0;    // of the body, once the header is whole
  Descriptors descriptors_;
};

// Sends all bytes, `descriptors` with the first one; waits at most `milliseconds` for room each time.
Result<void> send_all(int socket, std::string_view bytes, std::span<const int> descriptors, int milliseconds);

}  // namespace tocsin::daemon
