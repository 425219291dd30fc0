#pragma once
// The tree of a condition. Private to the condition folder.

#include <optional>
#include <string>
#include <vector>

#include "responders/playbook/condition/condition.h"
#include "responders/playbook/condition/pattern.h"

namespace tocsin::responders {

struct Operand {
  enum class Kind : std::uint8_t { variable, text, number, boolean, time, hex, base64, word };
  Kind kind = Kind::text;
  std::string text;  // a variable's name, or the literal (hex: lower case; base64: decoded)
};

struct Condition::Node {
  enum class Kind : std::uint8_t {
    both,
    either,
    negation,
    equal,
    not_equal,
    less,
    less_equal,
    greater,
    greater_equal,
    in,
    like,
    matches,
    subset,
    superset,
    exists
  };
  Kind kind = Kind::both;
  std::vector<std::unique_ptr<const Node>> children;  // of both, either, negation
  Operand left;
  std::vector<Operand> right;      // one, or the set of IN
  std::optional<Pattern> pattern;  // of MATCHES with a literal
};

// One comparison, without its NOT.
Result<bool> evaluate_comparison(const Condition::Node& node, const Lookup& lookup);

}  // namespace tocsin::responders
