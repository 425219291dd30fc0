#include "rules/marking.h"

#include <array>

#include "collectors/base/text.h"

namespace tocsin::rules {
namespace {

constexpr std::array<std::string_view, 6> names{"", "clear", "green", "amber", "amber+strict", "red"};

}  // namespace

std::string_view tlp_name(Tlp tlp) noexcept { return names[static_cast<std::size_t>(tlp)]; }

std::string tlp_label(Tlp tlp) {
  if (tlp == Tlp::none) return {};
  std::string out = "TLP:";
  for (const char c : tlp_name(tlp)) out += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return out;
}

std::optional<Tlp> parse_tlp(std::string_view text) noexcept {
  text = trim(text);
  if (text.size() >= 4 && equals_ignoring_case(text.substr(0, 4), "tlp:")) text.remove_prefix(4);
  if (equals_ignoring_case(text, "white")) return Tlp::clear;
  for (std::size_t i = 1; i < names.size(); ++i)
    if (equals_ignoring_case(text, names[i])) return static_cast<Tlp>(i);
  return std::nullopt;
}

std::optional<Tlp> parse_tlp_limit(std::string_view text) noexcept {
  if (text == "none") return Tlp::none;
  const auto out = parse_tlp(text);
  return out == Tlp::red ? std::nullopt : out;
}

}  // namespace tocsin::rules
