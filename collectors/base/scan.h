#pragma once
// Looking for one of a few bytes, sixteen at a time: for loops that see every byte of every line.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

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

// Where the byte first stands twice in a row, else `end`.
template <char wanted>
const char* find_twice(const char* at, const char* end) noexcept {
  constexpr std::ptrdiff_t step = sizeof(scan::Block);
  constexpr auto byte = static_cast<unsigned char>(wanted);
  for (; end - at > step; at += step) {
    const auto place = scan::first((scan::load(at) == byte) & (scan::load(at + 1) == byte));
    if (place != step) return at + place;
  }
  while (end - at > 1 && (at[0] != wanted || at[1] != wanted)) ++at;
  return end - at > 1 ? at : end;
}

}  // namespace tocsin
