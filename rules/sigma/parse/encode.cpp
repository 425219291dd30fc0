#include "rules/sigma/parse/encode.h"

#include <algorithm>
#include <cstdint>

#include "collectors/base/base64.h"
#include "collectors/base/utf8.h"

namespace tocsin::rules::sigma {
namespace {

bool is_word(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

constexpr std::array<std::string_view, 5> dashes{"-", "/", "\xE2\x80\x93", "\xE2\x80\x94", "\xE2\x80\x95"};

// Length of a dash at `at`, 0 if there is none.
std::size_t dash_at(std::string_view text, std::size_t at) {
  for (const auto dash : dashes)
    if (text.substr(at).starts_with(dash)) return dash.size();
  return 0;
}

}  // namespace

std::string to_utf16(std::string_view utf8, Utf16 form) {
  std::string out;
  const auto put = [&](std::uint32_t unit) {
    const char low = static_cast<char>(unit & 0xFF);
    const char high = static_cast<char>(unit >> 8);
    out += form == Utf16::big ? high : low;
    out += form == Utf16::big ? low : high;
  };
  if (form == Utf16::marked) out += "\xFF\xFE";
  while (!utf8.empty()) {
    const auto [length, value] = next_code_point(utf8);
    // A byte that is not UTF-8 stands for itself.
    const std::uint32_t point = length == 0 ? static_cast<unsigned char>(utf8[0]) : static_cast<std::uint32_t>(value);
    utf8.remove_prefix(std::max<std::size_t>(length, 1));
    if (point < 0x10000) {
      put(point);
    } else {
      put(0xD800 + ((point - 0x10000) >> 10));
      put(0xDC00 + ((point - 0x10000) & 0x3FF));
    }
  }
  return out;
}

std::array<std::string, 3> base64_offsets(std::string_view bytes) {
  static constexpr std::array<std::size_t, 3> skipped{0, 2, 3};
  static constexpr std::array<std::size_t, 3> cut{0, 3, 2};
  std::array<std::string, 3> out;
  for (std::size_t i = 0; i < 3; ++i) {
    const auto encoded = to_base64(std::string(i, ' ') + std::string(bytes));
    const auto end = encoded.size() - std::min(encoded.size(), cut[(bytes.size() + i) % 3]);
    if (end > skipped[i]) out[i] = encoded.substr(skipped[i], end - skipped[i]);
  }
  return out;
}

std::vector<std::string> dash_variants(std::string_view text, std::size_t most) {
  std::vector<std::string> out{std::string()};
  for (std::size_t at = 0; at < text.size();) {
    const auto size = dash_at(text, at);
    const bool starts = size != 0 && (at == 0 || !is_word(text[at - 1])) && at + size < text.size() &&
                        is_word(text[at + size]) && dash_at(text, at + size) == 0;
    if (!starts) {
      for (auto& variant : out) variant += text[at];
      ++at;
      continue;
    }
    if (out.size() * dashes.size() > most) return {};
    std::vector<std::string> longer;
    for (const auto& variant : out)
      for (const auto dash : dashes) longer.push_back(variant + std::string(dash));
    out = std::move(longer);
    at += size;
  }
  return out;
}

}  // namespace tocsin::rules::sigma
