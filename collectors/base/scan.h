#pragma once
// Looking for one of a few bytes or a literal, sixteen at a time: for loops that see every byte of every line.
// `scan::Stretch` tells all places in 64 bytes at once, for those who want many of them.

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace tocsin {

namespace scan {
using Block = unsigned char __attribute__((vector_size(16)));
using Halves = std::uint64_t __attribute__((vector_size(16)));

inline Block load(const char* at) noexcept {
  Block block;
  std::memcpy(&block, at, sizeof block);
  return block;
}

// Place of the first byte that is set in `hits`, 16 when none is.
template <class Hits>
std::ptrdiff_t first(Hits hits) noexcept {
  const auto halves = reinterpret_cast<Halves>(hits);
  const auto place = [](std::uint64_t half) {
    return (std::endian::native == std::endian::little ? std::countr_zero(half) : std::countl_zero(half)) / 8;
  };
  return halves[0] != 0 ? place(halves[0]) : 8 + place(halves[1]);
}

// A bit for each byte that is set in `hits`, the lowest for the first.
template <class Hits>
std::uint64_t bits(Hits hits) noexcept {
#ifdef __SSE2__
  return static_cast<std::uint32_t>(_mm_movemask_epi8(reinterpret_cast<__m128i>(hits)));
#else
  std::uint64_t out = 0;
  for (unsigned i = 0; i < sizeof(Block); ++i) out |= std::uint64_t{hits[i] != 0} << i;
  return out;
#endif
}

// 64 bytes of a text, zeroes behind its end.
class Stretch {
 public:
  static constexpr std::size_t size = 64;
  Stretch(const char* at, const char* end) noexcept {
    std::array<char, size> last;
    if (static_cast<std::size_t>(end - at) < size) {
      last = {};
      std::memcpy(last.data(), at, static_cast<std::size_t>(end - at));
      at = last.data();
    }
    for (std::size_t i = 0; i < blocks_.size(); ++i) blocks_[i] = load(at + i * sizeof(Block));
  }
  // Where `test` of a block is true, a bit for each byte, the lowest for the first.
  template <class Test>
  std::uint64_t marks(Test test) const noexcept {
    return bits(test(blocks_[0])) | bits(test(blocks_[1])) << 16 | bits(test(blocks_[2])) << 32 |
           bits(test(blocks_[3])) << 48;
  }

 private:
  std::array<Block, size / sizeof(Block)> blocks_;
};
}  // namespace scan

// The first of the `wanted` bytes in [at, end), else `end`.
template <char... wanted>
const char* find_byte(const char* at, const char* end) noexcept {
  constexpr std::ptrdiff_t step = sizeof(scan::Block);
  for (; end - at >= step; at += step) {
    const auto block = scan::load(at);
    const auto place = scan::first(((block == static_cast<unsigned char>(wanted)) | ...));
    if (place != step) return at + place;
  }
  while (at != end && ((*at != wanted) && ...)) ++at;
  return at;
}

// memcmp() == 0 without a call: for names and literals, which are short.
inline bool same_bytes(const char* a, const char* b, std::size_t size) noexcept {
  const auto same = [&]<class Word>(std::size_t at, Word) {
    Word left = 0;
    Word right = 0;
    std::memcpy(&left, a + at, sizeof left);
    std::memcpy(&right, b + at, sizeof right);
    return left == right;
  };
  if (size >= sizeof(std::uint64_t)) {
    const auto last = size - sizeof(std::uint64_t);  // some of it a second time
    for (std::size_t at = 0; at < last; at += sizeof(std::uint64_t))
      if (!same(at, std::uint64_t{})) return false;
    return same(last, std::uint64_t{});
  }
  if (size >= sizeof(std::uint32_t)) return same(0, std::uint32_t{}) && same(size - 4, std::uint32_t{});
  for (std::size_t at = 0; at < size; ++at)
    if (a[at] != b[at]) return false;
  return true;
}

// Where a short literal first stands in [at, end), else `end`. It is not empty.
inline const char* find_literal(const char* at, const char* end, std::string_view literal) noexcept {
  if (static_cast<std::size_t>(end - at) < literal.size()) return end;
  const char* const places = end - literal.size() + 1;
  constexpr std::ptrdiff_t step = sizeof(scan::Block);
  const auto first = static_cast<unsigned char>(literal[0]);
  for (; places - at >= step; at += step)
    for (auto hits = scan::bits(scan::load(at) == first); hits != 0; hits &= hits - 1) {
      const char* const place = at + std::countr_zero(hits);
      if (same_bytes(place, literal.data(), literal.size())) return place;
    }
  for (; at != places; ++at)
    if (*at == literal[0] && same_bytes(at, literal.data(), literal.size())) return at;
  return end;
}

}  // namespace tocsin
