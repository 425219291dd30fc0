#pragma once
// One question about one field, shared by all rules that ask it. `holds` is the plain answer for one value: what the
// fast paths must agree with, what explanations use, and the fallback when Hyperscan is not usable.

#include <cstdint>
#include <string>
#include <string_view>

#include "collectors/event/value.h"
#include "rules/sigma/parse/regex.h"
#include "rules/sigma/parse/term.h"

namespace tocsin::rules::sigma {

using Slot = std::uint32_t;         // a field name of the rules, per program
using PredicateId = std::uint32_t;  // per program
inline constexpr Slot keyword_slot = 0;

struct Predicate {
  enum class Kind : std::uint8_t {
    present,    // the key is there
    has_value,  // a value that is not null is there
    exact,      // folded text equal
    number,     // equal as text or by value
    pattern,    // glob over the whole value, folded unless cased
    regex,
    network,
    compare,
    time_part,
    field,  // against the values of another field
  };

  Kind kind = Kind::present;
  bool cased = false;
  bool starts = false;
  bool ends = false;
  Slot slot = keyword_slot;
  Slot other = keyword_slot;
  Comparison comparison = Comparison::equal;
  TimePart time_part = TimePart::minute;
  Number number;
  Network network;
  std::string text;  // exact: folded; number: as text; regex: the expression
  Pattern pattern;
  RegexFlags flags;
  Regex regex;

  // Equal identities ask the same question.
  std::string identity() const;
};

// One value of a field in the forms predicates ask for.
struct Operand {
  Value value;
  std::string_view text;    // valid UTF-8
  std::string_view folded;  // of text
};

// Not for `present`, `has_value` and `field`, which are not about one value.
bool holds(const Predicate& predicate, const Operand& operand);
// For `field`: the values are folded texts.
bool field_holds(const Predicate& predicate, std::string_view value, std::string_view other);

// The number in a value: its own, or its text read as one.
std::optional<double> number_of(const Operand& operand);
bool compares(double value, Comparison comparison, double with);

}  // namespace tocsin::rules::sigma
