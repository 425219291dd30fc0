#include "rules/signature/parse/syntax.h"

#include <array>

namespace tocsin::rules::signature {
namespace {

constexpr std::array<std::string_view, 3> names{"auto", "suricata", "snort3"};

}  // namespace

std::string_view syntax_name(Syntax syntax) noexcept { return names[static_cast<std::size_t>(syntax)]; }

std::optional<Syntax> parse_syntax(std::string_view word) noexcept {
  for (std::size_t i = 0; i < names.size(); ++i)
    if (names[i] == word) return static_cast<Syntax>(i);
  return std::nullopt;
}

Syntax marked_syntax(std::string_view file) noexcept {
  if (file.ends_with(".snort3") || file.ends_with(".snort3.rules")) return Syntax::snort3;
  if (file.ends_with(".suricata.rules")) return Syntax::suricata;
  return Syntax::automatic;
}

}  // namespace tocsin::rules::signature
