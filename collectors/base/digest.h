#pragma once
// Digests: SHA-256 for what must be trusted (evidence, chains), XXH3 for what must be fast (tables, event ids).

#include <array>
#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "collectors/base/bytes.h"

namespace tocsin {

using Sha256 = std::array<std::uint8_t, 32>;
using Sha1 = std::array<std::uint8_t, 20>;
using Md5 = std::array<std::uint8_t, 16>;

Sha256 sha256(Bytes bytes);
Sha1 sha1(Bytes bytes);
Md5 md5(Bytes bytes);

enum class DigestKind : std::uint8_t { md5, sha1, sha256 };

// Chunk by chunk, of a kind chosen at run time. Movable, one owner.
class DigestStream {
 public:
  explicit DigestStream(DigestKind kind);
  ~DigestStream();
  DigestStream(DigestStream&&) noexcept;
  DigestStream& operator=(DigestStream&&) noexcept;
  void update(Bytes bytes);
  std::string finish();  // once; lower-case hex

 protected:
  void finish_into(std::span<std::uint8_t> out);  // once

 private:
  struct State;
  std::unique_ptr<State> state_;
};

class Sha256Stream : DigestStream {
 public:
  Sha256Stream() : DigestStream(DigestKind::sha256) {}
  using DigestStream::update;
  Sha256 finish() {  // once
    Sha256 out{};
    finish_into(out);
    return out;
  }
};

std::uint64_t hash64(Bytes bytes, std::uint64_t seed = 0) noexcept;
inline std::uint64_t hash64(std::string_view text, std::uint64_t seed = 0) noexcept {
  return hash64(as_bytes(text), seed);
}

// 128 bits; ids of events and alerts. Ordered so that sets of them print the same way each time.
struct Digest128 {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  friend auto operator<=>(const Digest128&, const Digest128&) = default;
  explicit operator bool() const noexcept { return (high | low) != 0; }
};
Digest128 hash128(Bytes bytes, std::uint64_t seed = 0) noexcept;
inline Digest128 hash128(std::string_view text, std::uint64_t seed = 0) noexcept {
  return hash128(as_bytes(text), seed);
}
std::string render_digest(const Digest128& digest);  // 32 hex digits
std::optional<Digest128> parse_digest128(std::string_view text) noexcept;

template <std::size_t N>
std::string render_digest(const std::array<std::uint8_t, N>& digest);
extern template std::string render_digest(const Sha256&);
extern template std::string render_digest(const Sha1&);
extern template std::string render_digest(const Md5&);

}  // namespace tocsin

template <>
struct std::hash<tocsin::Digest128> {
  std::size_t operator()(const tocsin::Digest128& d) const noexcept { return d.low; }
};
