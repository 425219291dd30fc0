#pragma once
// One message on the control socket: 4 bytes of big-endian length, then that many bytes of JSON; at most 64 file
// descriptors travel with the first bytes of a frame (SCM_RIGHTS, unix(7)). Used by both ends.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "collectors/base/result.h"

namespace tocsin::daemon {

inline constexpr std::size_t frame_most = 16U << 20U;
inline constexpr std::size_t descriptors_most = 64;

// Owns file descriptors and closes what nobody took.
class Descriptors {
 public:
  Descriptors() = default;
  ~Descriptors() { clear(); }
  Descriptors(Descriptors&& other) noexcept : items_(std::exchange(other.items_, {})) {}
  Descriptors& operator=(Descriptors&& other) noexcept {
    if (this != &other) {
      clear();
      items_ = std::exchange(other.items_, {});
    }
    return *this;
  }
  void add(int descriptor) { items_.push_back(descriptor); }
  std::size_t size() const noexcept { return items_.size(); }
  int at(std::size_t index) const { return items_.at(index); }
  // The caller owns it from here; -1 when there is none, or it was taken.
  int take(std::size_t index) noexcept { return index < items_.size() ? std::exchange(items_[index], -1) : -1; }
  void clear() noexcept;

 private:
  std::vector<int> items_;
};

// Header and body in one string. The caller keeps `json` within frame_most.
std::string encode_frame(std::string_view json);

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

  std::array<char, 4> header_{};
  std::string body_;
  std::size_t received_ = 0;  // header included
  std::size_t length_ = 0;    // of the body, once the header is whole
  Descriptors descriptors_;
};

// Sends all bytes, `descriptors` with the first one; waits at most `milliseconds` for room each time.
Result<void> send_all(int socket, std::string_view bytes, std::span<const int> descriptors, int milliseconds);

}  // namespace tocsin::daemon
