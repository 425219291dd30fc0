#include "rules/sigma/compile/fold.h"

#include <algorithm>
#include <cstdint>

#include "collectors/base/text.h"
#include "rules/sigma/compile/fold_table.h"

namespace tocsin::rules::sigma {
namespace {

struct Decoded {
  std::uint32_t point = 0;
  std::size_t size = 0;  // 0: not valid here
};

Decoded decode(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i])); };
  const auto first = byte(0);
  if (first < 0x80) return {first, 1};
  const std::size_t size = first >= 0xF5 ? 0U : first >= 0xF0 ? 4U : first >= 0xE0 ? 3U : first >= 0xC2 ? 2U : 0U;
  if (size == 0 || size > text.size()) return {};
  std::uint32_t point = first & (0xFFU >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {};
    point = (point << 6) | (byte(i) & 0x3F);
  }
  const bool overlong = (size == 3 && point < 0x800) || (size == 4 && point < 0x10000);
  const bool surrogate = point >= 0xD800 && point <= 0xDFFF;
  if (overlong || surrogate || point > 0x10FFFF) return {};
  return {point, size};
}

void encode(std::string& out, std::uint32_t point) {
  if (point < 0x80) {
    out += static_cast<char>(point);
  } else if (point < 0x800) {
    out += static_cast<char>(0xC0 | (point >> 6));
    out += static_cast<char>(0x80 | (point & 0x3F));
  } else if (point < 0x10000) {
    out += static_cast<char>(0xE0 | (point >> 12));
    out += static_cast<char>(0x80 | ((point >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (point & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | (point >> 18));
    out += static_cast<char>(0x80 | ((point >> 12) & 0x3F));
    out += static_cast<char>(0x80 | ((point >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (point & 0x3F));
  }
}

std::uint32_t fold_point(std::uint32_t point) {
  const auto range = std::ranges::lower_bound(fold_ranges, point, {}, &FoldRange::last);
  if (range == fold_ranges.end() || point < range->first || (point - range->first) % range->step != 0) return point;
  return static_cast<std::uint32_t>(static_cast<std::int64_t>(point) + range->delta);
}

}  // namespace

bool is_ascii(std::string_view text) noexcept {
  return std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
}

std::string_view make_valid(std::string_view text, std::string& storage) {
  std::size_t at = 0;
  while (at < text.size()) {
    const auto decoded = decode(text.substr(at));
    if (decoded.size == 0) break;
    at += decoded.size;
  }
  if (at == text.size()) return text;
  storage.assign(text.substr(0, at));
  while (at < text.size()) {
    const auto decoded = decode(text.substr(at));
    if (decoded.size == 0) storage += "\xEF\xBF\xBD";
    else storage += text.substr(at, decoded.size);
    at += std::max<std::size_t>(decoded.size, 1);
  }
  return storage;
}

std::string_view fold(std::string_view text, std::string& storage) {
  const auto first = std::ranges::find_if(
      text, [](char c) { return (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80; });
  if (first == text.end()) return text;
  auto at = static_cast<std::size_t>(first - text.begin());
  storage.assign(text.substr(0, at));
  while (at < text.size()) {
    const char c = text[at];
    if (static_cast<unsigned char>(c) < 0x80) {
      storage += to_lower_ascii(c);
      ++at;
      continue;
    }
    const auto decoded = decode(text.substr(at));
    if (decoded.size == 0) storage += c;
    else encode(storage, fold_point(decoded.point));
    at += std::max<std::size_t>(decoded.size, 1);
  }
  return storage;
}

std::string folded(std::string_view text) {
  std::string storage;
  return std::string(fold(text, storage));
}

}  // namespace tocsin::rules::sigma
