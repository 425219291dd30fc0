#include "collectors/base/wildcard.h"

namespace tocsin {

std::vector<WildcardPart> parse_wildcard(std::string_view pattern, char any_run, char any_one) {
  using Kind = WildcardPart::Kind;
  std::vector<WildcardPart> parts;
  for (const char c : pattern) {
    const Kind kind = c == any_run ? Kind::any_run : c == any_one ? Kind::any_one : Kind::literal;
    const bool same = !parts.empty() && parts.back().kind == kind;
    if (!same || kind == Kind::any_one) parts.push_back({kind, {}});
    if (kind == Kind::literal) parts.back().text += c;
  }
  return parts;
}

}  // namespace tocsin
