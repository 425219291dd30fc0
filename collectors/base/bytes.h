#pragma once
// Reading hostile bytes: every access is checked, a short read poisons the reader, and the caller asks once at the end.

#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace tocsin {

using Bytes = std::span<const std::uint8_t>;

inline Bytes as_bytes(std::string_view text) noexcept {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view as_text(Bytes bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Big-endian cursor. After any read past the end `ok()` is false for good and reads give zero or empty.
class ByteReader {
 public:
  explicit ByteReader(Bytes bytes) noexcept : bytes_(bytes) {}

  bool ok() const noexcept { return ok_; }
  std::size_t position() const noexcept { return position_; }
  std::size_t remaining() const noexcept { return bytes_.size() - position_; }
  Bytes rest() const noexcept { return bytes_.subspan(position_); }
  Bytes all() const noexcept { return bytes_; }

  std::uint8_t u8() noexcept { return static_cast<std::uint8_t>(number<1>()); }
  std::uint16_t u16() noexcept { return static_cast<std::uint16_t>(number<2>()); }
  std::uint32_t u24() noexcept { return static_cast<std::uint32_t>(number<3>()); }
  std::uint32_t u32() noexcept { return static_cast<std::uint32_t>(number<4>()); }
  std::uint64_t u64() noexcept { return number<8>(); }
  std::uint16_t u16_little() noexcept { return static_cast<std::uint16_t>(little<2>()); }
  std::uint32_t u32_little() noexcept { return static_cast<std::uint32_t>(little<4>()); }
  std::uint64_t u64_little() noexcept { return little<8>(); }

  Bytes take(std::size_t count) noexcept {
    if (!reserve(count)) return {};
    const Bytes taken = bytes_.subspan(position_, count);
    position_ += count;
    return taken;
  }
  void skip(std::size_t count) noexcept {
    if (reserve(count)) position_ += count;
  }
  void seek(std::size_t position) noexcept {
    if (position > bytes_.size()) ok_ = false;
    else position_ = position;
  }

 private:
  bool reserve(std::size_t count) noexcept {
    if (ok_ && count <= remaining()) return true;
    ok_ = false;
    return false;
  }
  template <std::size_t N>
  std::uint64_t number() noexcept {
    if (!reserve(N)) return 0;
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < N; ++i) value = (value << 8) | bytes_[position_ + i];
    position_ += N;
    return value;
  }
  template <std::size_t N>
  std::uint64_t little() noexcept {
    if (!reserve(N)) return 0;
    std::uint64_t value = 0;
    for (std::size_t i = N; i-- > 0;) value = (value << 8) | bytes_[position_ + i];
    position_ += N;
    return value;
  }

  Bytes bytes_;
  std::size_t position_ = 0;
  bool ok_ = true;
};

}  // namespace tocsin
