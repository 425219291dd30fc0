#pragma once
// Where bytes occur in bytes, with and without ASCII case. The needle of the caseless form is lower case already.

#include <cstdint>
#include <cstring>

#include "collectors/base/bytes.h"

namespace tocsin::rules::signature {

inline constexpr std::size_t not_found = static_cast<std::size_t>(-1);

inline std::uint8_t lower_byte(std::uint8_t c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<std::uint8_t>(c + 32) : c;
}

inline bool equals_lower(const std::uint8_t* text, const std::uint8_t* lower, std::size_t size) noexcept {
  for (std::size_t i = 0; i < size; ++i)
    if (lower_byte(text[i]) != lower[i]) return false;
  return true;
}

inline std::size_t find_bytes(Bytes haystack, Bytes needle) noexcept {
  if (needle.empty() || needle.size() > haystack.size()) return not_found;
  const auto* found =
      static_cast<const std::uint8_t*>(memmem(haystack.data(), haystack.size(), needle.data(), needle.size()));
  return found == nullptr ? not_found : static_cast<std::size_t>(found - haystack.data());
}

inline std::size_t find_bytes_caseless(Bytes haystack, Bytes needle) noexcept {
  if (needle.empty() || needle.size() > haystack.size()) return not_found;
  const std::size_t last = haystack.size() - needle.size();
  const std::uint8_t first = needle[0];
  for (std::size_t i = 0; i <= last; ++i)
    if (lower_byte(haystack[i]) == first && equals_lower(haystack.data() + i, needle.data(), needle.size())) return i;
  return not_found;
}

}  // namespace tocsin::rules::signature
