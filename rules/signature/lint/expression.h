#pragma once
// The shape of a regular expression, as far as it tells what matching costs. A look at the text, not a parser: it errs
// towards saying nothing.

#include <string_view>

#include "rules/signature/compile/signature.h"

namespace tocsin::rules::signature {

struct ExpressionShape {
  bool anchored = false;          // begins with ^ or \A
  bool leading_wildcard = false;  // begins with .* or .+
  bool nested = false;            // an unbounded repeat of a group that holds an unbounded repeat
  int wildcards = 0;              // .* and .+ anywhere
};
ExpressionShape look_at_expression(std::string_view expression);

// Between the slashes of the test as written.
std::string_view expression_of(const PcreTest& test) noexcept;

}  // namespace tocsin::rules::signature
