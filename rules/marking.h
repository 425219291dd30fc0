#pragma once
// Traffic Light Protocol 2.0 (https://www.first.org/tlp/): to whom what is known may be passed on. An alert carries the
// marking of what it came from; every way out of the host has a highest marking that it lets through.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tocsin::rules {

// The stricter the higher.
enum class Tlp : std::uint8_t { none, clear, green, amber, amber_strict, red };
std::string_view tlp_name(Tlp tlp) noexcept;  // "amber+strict"; empty for none
std::string tlp_label(Tlp tlp);               // "TLP:AMBER+STRICT", as people are told; empty for none
// "TLP:AMBER", "amber", "tlp:white" (TLP 1.0's word for clear).
std::optional<Tlp> parse_tlp(std::string_view text) noexcept;

// What a way out lets through unless its configuration says otherwise: the organisation and its clients. Stricter
// markings name a narrower circle, which only who runs the other end can know.
inline constexpr Tlp tlp_most = Tlp::amber;
// The highest marking a way out lets through. "none" lets through what is not marked at all. TLP:RED is for the persons
// it was given to, so no way out is opened to it: nothing.
std::optional<Tlp> parse_tlp_limit(std::string_view text) noexcept;

}  // namespace tocsin::rules
