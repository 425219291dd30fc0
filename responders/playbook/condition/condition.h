#pragma once
// Conditions of if and while steps: comparison expressions of STIX 2.1 patterning (section 9.6) over playbook
// variables. Parsed once, when the playbook is checked; values come in typed, after parsing, so that no value can
// change the expression. Immutable; any thread.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/result.h"
#include "responders/playbook/variable/scope.h"

namespace tocsin::responders {

// Why a text is no condition, and where in it.
struct ConditionProblem {
  std::string cause;
  std::size_t offset = 0;
};

class Condition {
 public:
  // The text of the specification, and three liberties: "==" for "=", a bare word for a quoted one, and brackets
  // around the whole. On failure `problem` says why.
  static Result<Condition> parse(std::string_view text, ConditionProblem& problem);

  Condition(Condition&&) noexcept;
  Condition& operator=(Condition&&) noexcept;
  ~Condition();

  // Names used, in order; a name may repeat.
  const std::vector<std::string>& variables() const noexcept { return variables_; }
  // Was one of the liberties taken?
  bool is_lenient() const noexcept { return lenient_; }

  // not_found for an undeclared variable; invalid when the two sides cannot be compared (a word with a number, and
  // an order asked). A variable without a value makes its comparison false.
  Result<bool> evaluate(const Lookup& lookup) const;

  struct Node;

 private:
  Condition();
  friend class ConditionParser;

  std::unique_ptr<const Node> root_;
  std::vector<std::string> variables_;
  bool lenient_ = false;
};

}  // namespace tocsin::responders
