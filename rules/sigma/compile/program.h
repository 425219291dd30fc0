#pragma once
// All rules of one log-source view, compiled together. Predicates are shared by every rule that asks the same question.
//
// Matching is by counting: a predicate that holds is pushed to the gates above it; an AND gate fires when all its
// inputs have, an OR gate at the first. Only rules whose gate fired are looked at, so that cost follows hits, not
// rules. Negations are left out of the gates (a gate is a necessary condition) and judged on the rule's own tree, last.

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "rules/sigma/compile/pattern_set.h"
#include "rules/sigma/compile/predicate.h"
#include "rules/sigma/parse/expression.h"

namespace tocsin::rules::sigma {

struct TreeNode {
  enum class Kind : std::uint8_t { predicate, all, any, negation };
  Kind kind = Kind::predicate;
  PredicateId predicate = 0;
  std::uint32_t first = 0;  // children: a stretch of Program::children
  std::uint32_t count = 0;
  std::uint32_t selection = 0;  // of a predicate: index in Program::selections
};

// Everything that is asked of one field.
struct SlotIndex {
  static constexpr PredicateId none = 0xFFFFFFFF;
  PredicateId present = none;
  PredicateId has_value = none;
  std::unordered_map<std::string_view, PredicateId> exact;
  std::unordered_multimap<double, PredicateId> numbers;
  PatternSet folded;                // globs without bytes above 0x7F
  PatternSet folded_wide;           // globs with such bytes: scanned only when the value has some too
  PatternSet raw;                   // cased globs and regular expressions
  std::vector<PredicateId> others;  // network, compare, time_part

  // More than a look into a table.
  bool searches() const noexcept { return !folded.empty() || !folded_wide.empty() || !raw.empty() || !others.empty(); }
};

// What is known of the keywords before any text is seen. They are asked of every value of an event and of its line, and
// most values can hold none of them.
struct KeywordGate {
  bool usual = true;         // all are globs open at both ends: what stands in a part of a text stands in the text
  std::size_t shortest = 0;  // code points that any of them needs; 0 unless `usual`
  std::vector<PredicateId> in_numbers;  // those that digits and signs alone can hold
};

struct Program {
  std::vector<std::string> slots;  // names; [keyword_slot] is empty
  std::unordered_map<std::string, Slot> slot_of;
  std::vector<Predicate> predicates;
  std::vector<SlotIndex> indices;             // by slot
  std::vector<PredicateId> field_predicates;  // kind field: judged once all fields are known
  KeywordGate keyword_gate;

  // Gates. A node is a predicate, or a gate when `gate_bit` is set.
  static constexpr std::uint32_t gate_bit = 0x80000000;
  std::vector<std::uint32_t> gate_needs;       // inputs that must have fired
  std::vector<std::uint32_t> predicate_edges;  // stretches: start of predicate i in `edges`, one more at the end
  std::vector<std::uint32_t> gate_edges;
  std::vector<std::uint32_t> edges;                         // gates above
  std::vector<std::vector<std::uint32_t>> predicate_rules;  // rules whose whole gate is this node
  std::vector<std::vector<std::uint32_t>> gate_rules;
  std::vector<std::uint32_t> always;  // rules that no positive condition gates

  // Trees.
  std::vector<TreeNode> nodes;
  std::vector<std::uint32_t> children;
  std::vector<std::string> selections;
  struct Rule {
    std::uint32_t root = 0;
    bool exact = false;  // no negation: the gate alone decides
  };
  std::vector<Rule> rules;

  bool has_keywords() const noexcept { return !indices.empty() && !indices_empty(keyword_slot); }
  bool indices_empty(Slot slot) const noexcept;
  std::size_t slow_patterns() const noexcept;
};

// Rules are numbered in the order given. `extra` are field names that get a slot though no rule asks about them (keys
// of correlations).
std::shared_ptr<const Program> compile_program(const std::vector<const Expression*>& rules,
                                               const std::vector<std::string>& extra, const PatternOptions& options);

}  // namespace tocsin::rules::sigma
