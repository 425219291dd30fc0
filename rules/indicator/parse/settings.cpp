#include "rules/indicator/parse/settings.h"

#include <array>
#include <string>
#include <utility>

#include "collectors/base/text.h"

namespace tocsin::rules::indicator {

std::optional<std::uint8_t> parse_confidence(std::string_view text) noexcept {
  text = trim(text);
  static constexpr std::array<std::pair<std::string_view, std::uint8_t>, 5> words{
      {{"none", 0}, {"low", 15}, {"medium", 50}, {"moderate", 50}, {"high", 85}}};  // the scale of STIX 2.1, appendix A
  for (const auto& [word, number] : words)
    if (equals_ignoring_case(text, word)) return number;
  if (text.ends_with('%')) text.remove_suffix(1);
  const auto number = parse_unsigned(text);
  if (!number || *number > 100) return std::nullopt;
  return static_cast<std::uint8_t>(*number);
}

std::optional<Second> parse_bound(std::string_view text) noexcept {
  text = trim(text);
  if (const auto time = parse_time(text)) return to_second(*time);
  constexpr std::size_t day = 10;  // 2026-12-31
  if (text.size() == day) {
    std::array<char, 20> whole{};
    text.copy(whole.data(), day);
    std::string_view("T00:00:00Z").copy(whole.data() + day, 10);
    if (const auto time = parse_time({whole.data(), whole.size()})) return to_second(*time);
  }
  const auto seconds = parse_unsigned(text);
  if (!seconds || *seconds < 100'000'000 || *seconds > 0xFFFFFFFF) return std::nullopt;
  return static_cast<Second>(*seconds);
}

}  // namespace tocsin::rules::indicator
