#pragma once
// UTF-8 (RFC 3629): the one place that walks it. Overlong forms, surrogates and values above U+10FFFF are ill-formed.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tocsin {

struct CodePoint {
  std::size_t length = 0;  // in bytes; 0: ill-formed
  char32_t value = 0;
};

// The well-formed sequence at the front of `text`, which must not be empty.
constexpr CodePoint next_code_point(std::string_view text) noexcept {
  const auto at = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t lead = at(0);
  if (lead < 0x80) return {1, lead};
  CodePoint out;
  char32_t least = 0;
  if (lead >= 0xC2 && lead < 0xE0) out = {2, lead & 0x1FU}, least = 0x80;
  else if (lead >= 0xE0 && lead < 0xF0) out = {3, lead & 0x0FU}, least = 0x800;
  else if (lead >= 0xF0 && lead < 0xF5) out = {4, lead & 0x07U}, least = 0x10000;
  if (out.length == 0 || text.size() < out.length) return {};
  for (std::size_t i = 1; i < out.length; ++i) {
    if ((at(i) & 0xC0U) != 0x80U) return {};
    out.value = (out.value << 6) | (at(i) & 0x3FU);
  }
  if (out.value < least || out.value > 0x10FFFF || (out.value >= 0xD800 && out.value < 0xE000)) return {};
  return out;
}

// What acts on a terminal, or turns text around, instead of standing there: C0, DEL, C1 and the bidirectional marks
// (UAX #9).
constexpr bool is_control(char32_t p) noexcept {
  return p < 0x20 || (p >= 0x7F && p < 0xA0) || (p >= 0x202A && p <= 0x202E) || (p >= 0x2066 && p <= 0x2069) ||
         p == 0x200E || p == 0x200F || p == 0x061C;
}

// The length of the code point at the front of `text`; a byte that is not UTF-8 stands for itself.
constexpr std::size_t step_of(std::string_view text) noexcept {
  const auto length = next_code_point(text).length;
  return length == 0 ? 1 : length;
}

inline void append_code_point(std::string& out, char32_t point) {
  const auto put = [&](char32_t byte) { out += static_cast<char>(static_cast<std::uint8_t>(byte)); };
  if (point < 0x80) {
    put(point);
    return;
  }
  if (point < 0x800) {
    put(0xC0U | (point >> 6U));
  } else {
    if (point < 0x10000) {
      put(0xE0U | (point >> 12U));
    } else {
      put(0xF0U | (point >> 18U));
      put(0x80U | ((point >> 12U) & 0x3FU));
    }
    put(0x80U | ((point >> 6U) & 0x3FU));
  }
  put(0x80U | (point & 0x3FU));
}

}  // namespace tocsin
