#include "rules/sigma/compile/fold.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include "collectors/base/scan.h"
#include "collectors/base/utf8.h"
#include "rules/sigma/compile/fold_table.h"

namespace tocsin::rules::sigma {
namespace {

std::uint32_t fold_point(std::uint32_t point) {
  const auto range = std::ranges::lower_bound(fold_ranges, point, {}, &FoldRange::last);
  if (range == fold_ranges.end() || point < range->first || (point - range->first) % range->step != 0) return point;
  return static_cast<std::uint32_t>(static_cast<std::int64_t>(point) + range->delta);
}

// How many bytes below 0x80 the text begins with.
std::size_t ascii_run(std::string_view text) {
  std::size_t n = 0;
  for (; n + sizeof(scan::Block) <= text.size(); n += sizeof(scan::Block))
    if (scan::bits(scan::load(text.data() + n) >= 0x80) != 0) break;
  while (n < text.size() && static_cast<unsigned char>(text[n]) < 0x80) ++n;
  return n;
}

void fold_into(char* out, std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool upper = static_cast<unsigned char>(byte - 'A') < 26;
    out[i] = static_cast<char>(byte | static_cast<unsigned char>(upper ? 0x20 : 0));
  }
}

}  // namespace

bool is_ascii(std::string_view text) noexcept { return ascii_run(text) == text.size(); }

Letters letters_of(std::string_view text) noexcept {
  if (text.empty()) return Letters::folded_ascii;
  scan::Block high{};
  scan::Block upper{};
  const auto take = [&](const char* at) {
    const auto block = scan::load(at);
    high |= block;
    upper |= reinterpret_cast<scan::Block>((block - 'A') < 26);
  };
  constexpr std::size_t step = sizeof(scan::Block);
  const char* at = text.data();
  if (text.size() < step) {
    std::array<char, step> whole{};
    std::memcpy(whole.data(), text.data(), text.size());
    take(whole.data());
  } else {
    for (auto left = text.size(); left > step; left -= step, at += step) take(at);
    take(text.data() + text.size() - step);  // some of it a second time
  }
  if (scan::bits(high >= 0x80) != 0) return Letters::other;
  return scan::bits(upper != 0) != 0 ? Letters::ascii : Letters::folded_ascii;
}

std::string_view fold_ascii(std::string_view text, std::string& storage) {
  storage.resize(text.size());
  fold_into(storage.data(), text);
  return storage;
}

std::string_view make_valid(std::string_view text, std::string& storage) {
  std::size_t at = 0;
  while (at < text.size()) {
    at += ascii_run(text.substr(at));
    if (at == text.size()) break;
    const auto length = next_code_point(text.substr(at)).length;
    if (length == 0) break;
    at += length;
  }
  if (at == text.size()) return text;
  storage.assign(text.substr(0, at));
  while (at < text.size()) {
    const auto length = next_code_point(text.substr(at)).length;
    if (length == 0) storage += "\xEF\xBF\xBD";
    else storage += text.substr(at, length);
    at += std::max<std::size_t>(length, 1);
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
    if (const auto run = ascii_run(text.substr(at)); run != 0) {
      const auto folded = storage.size();
      storage.resize(folded + run);
      fold_into(storage.data() + folded, text.substr(at, run));
      at += run;
      continue;
    }
    const char c = text[at];
    const auto [length, point] = next_code_point(text.substr(at));
    if (length == 0) storage += c;
    else append_code_point(storage, fold_point(static_cast<std::uint32_t>(point)));
    at += std::max<std::size_t>(length, 1);
  }
  return storage;
}

std::string folded(std::string_view text) {
  std::string storage;
  return std::string(fold(text, storage));
}

}  // namespace tocsin::rules::sigma
