#pragma once
// What a list says about its entries in words of its own: "confidence=80 tlp=amber until=2026-12-31".

#include <optional>
#include <string_view>

#include "rules/indicator/indicator.h"

namespace tocsin::rules::indicator {

// A number of 0 to 100, a share ("80%"), or a word: none, low, medium, high.
std::optional<std::uint8_t> parse_confidence(std::string_view text) noexcept;
// A time or a day, as Second; days begin at midnight UTC. Seconds since 1970 are taken as well.
std::optional<Second> parse_bound(std::string_view text) noexcept;

}  // namespace tocsin::rules::indicator
