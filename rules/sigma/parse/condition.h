#pragma once
// The condition language (specification 2.1): and, or, not, parentheses, `1 of x*`, `all of them`.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "rules/sigma/parse/problem.h"

namespace tocsin::rules::sigma {

struct Condition {
  enum class Kind : std::uint8_t { identifier, all, any, negation };
  Kind kind = Kind::identifier;
  std::string identifier;
  std::vector<Condition> children;
};

// `names` are the identifiers that exist; `1 of` and `all of` are expanded over them in their order. Names that begin
// with `_` are left out of patterns that do not. A pattern that fits none, an unknown name and an old `|` aggregation
// refuse the condition. `place` is where the condition stands.
Parsed<Condition> parse_condition(std::string_view text, const std::vector<std::string>& names, Place place);

}  // namespace tocsin::rules::sigma
