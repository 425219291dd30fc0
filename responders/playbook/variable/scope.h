#pragma once
// Where variables live while a playbook runs, and the texts that use them. A step's own variables hide the playbook's
// of the same name (CACAO 2.0 section 10.18.1). Values are put into a text after it was parsed, never before, and the
// result is never parsed again. One run owns its scopes; not shared between threads.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "responders/playbook/variable/value.h"

namespace tocsin::responders {

struct Variable {
  VariableType type = VariableType::string;
  std::optional<Value> value;  // nothing = null: known to be unknown
  bool constant = false;
  bool external = false;
};

class Scope {
 public:
  // denied: the name is there already.
  Result<void> declare(std::string name, Variable variable);
  // not_found when it was never declared. For initial values: constants may be given one so.
  Result<void> replace(std::string_view name, Variable variable);
  const Variable* find(std::string_view name) const noexcept;
  // Parsed by the variable's own type. denied for a constant, not_found for an undeclared name.
  Result<void> assign(std::string_view name, std::string_view text);
  const std::map<std::string, Variable, std::less<>>& all() const noexcept { return variables_; }

 private:
  std::map<std::string, Variable, std::less<>> variables_;
};

// Innermost first. Nothing for an undeclared name.
using Lookup = std::function<const Variable*(std::string_view name)>;

// Text with `__name__:value` in it.
class Template {
 public:
  Template() = default;
  explicit Template(std::string_view text);

  // Every name used, in order, with its place in the text.
  const std::vector<std::pair<std::string, std::size_t>>& uses() const noexcept { return uses_; }
  // Is it one variable and nothing else? Then a list or an object can take its value whole.
  bool is_plain() const noexcept { return uses_.empty(); }
  // not_found for an undeclared variable, invalid for one that has no value, exhausted above 64 KiB.
  Result<std::string> fill(const Lookup& lookup) const;
  // The same, each value as `spell` writes it, given the text before it.
  using Spelling = std::function<Result<std::string>(const Value& value, std::string_view before)>;
  Result<std::string> fill(const Lookup& lookup, const Spelling& spell) const;
  // For people: what cannot be filled stays as it was written.
  std::string show(const Lookup& lookup) const;

 private:
  struct Piece {
    std::string text;  // literal, or a variable's name
    bool variable = false;
  };
  std::vector<Piece> pieces_;
  std::vector<std::pair<std::string, std::size_t>> uses_;
};

}  // namespace tocsin::responders
