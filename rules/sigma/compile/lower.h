#pragma once
// Expressions → predicates and trees of a program.

#include <unordered_map>

#include "rules/sigma/compile/program.h"

namespace tocsin::rules::sigma {

class Lowering {
 public:
  explicit Lowering(Program& program);
  void add_rule(const Expression& expression);
  void add_field(const std::string& name) { slot(name); }

 private:
  std::uint32_t lower(const Expression& expression);
  std::uint32_t lower_item(const Item& item, std::uint32_t selection);
  std::uint32_t lower_term(const Term& term, Slot slot, std::uint32_t selection);
  std::uint32_t lower_text(const Term& term, Slot slot, std::uint32_t selection);
  std::uint32_t leaf(Predicate predicate, std::uint32_t selection);
  std::uint32_t group(TreeNode::Kind kind, const std::vector<std::uint32_t>& children);
  std::uint32_t negate(std::uint32_t node);
  Slot slot(const std::string& name);
  std::uint32_t selection(const std::string& name);

  Program& program_;
  std::unordered_map<std::string, PredicateId> known_;
  std::unordered_map<std::string, std::uint32_t> selections_;
};

}  // namespace tocsin::rules::sigma
