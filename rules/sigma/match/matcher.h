#pragma once
// Runs one program over events. One per worker and view; keeps its memory from event to event.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "collectors/event/event.h"
#include "rules/alert.h"
#include "rules/sigma/compile/program.h"
#include "rules/sigma/match/binding.h"
#include "rules/sigma/match/texts.h"
#include "rules/sigma/match/value_memo.h"

namespace tocsin::rules::sigma {

// One leaf that decides whether a rule matches, and what it looked at.
struct LeafVerdict {
  const Predicate* predicate = nullptr;
  bool holds = false;
  bool negated = false;  // an odd number of negations stand above it
  std::string_view selection;
  std::string_view field;  // of the rule
  std::string_view where;  // event field of `value`; empty: the event has none there
  std::string_view value;  // the one that holds, else the first
};

class Matcher {
 public:
  // All given must outlive the matcher.
  Matcher(const Program& program, const Binding& binding, const FieldNames& names);

  // Numbers of the rules that match, ascending; valid until the next call. `texts` were begun for this event, by other
  // matchers too, and hold as long as what is asked of it.
  const std::vector<std::uint32_t>& match(const Event& event, EventTexts& texts);
  const std::vector<std::uint32_t>& match(const Event& event) {
    own_texts_.begin();
    return match(event, own_texts_);
  }
  // Rules looked at in the last call: those past the gates.
  const std::vector<std::uint32_t>& candidates() const noexcept { return candidates_; }
  // Why `rule` matched the event of the last call. At least one reason.
  std::vector<Reason> explain(std::uint32_t rule) const;
  // Which leaves make the rule's condition hold for the event of the last call, or keep it from holding; at most
  // `most`.
  std::vector<LeafVerdict> decide(std::uint32_t rule, std::size_t most) const;
  // The values of a rule field in the event of the last call, as text.
  std::vector<std::string_view> values(Slot slot) const;
  // The first of them.
  std::optional<std::string_view> first_value(Slot slot) const {
    const auto* seen = first_seen(slot, [](const Seen&) { return true; });
    return seen == nullptr ? std::nullopt : std::optional(seen->operand.text);
  }

 private:
  struct Seen {
    Operand operand;
    std::uint64_t hash = 0;  // of the operand's text, as ValueMemo wants it
    Field field{};           // 0: the original line
  };
  struct SlotState {
    std::uint32_t epoch = 0;
    bool has_value = false;
    std::vector<std::uint32_t> operands;  // indices in seen_
  };

  // The first value of a slot that the test is true of; null: none.
  template <class Test>
  const Seen* first_seen(Slot slot, Test test) const {
    if (slot == keyword_slot) {
      for (const auto& seen : keyword_values())
        if (test(seen)) return &seen;
      return nullptr;
    }
    const auto& state = slots_[slot];
    if (state.epoch != epoch_) return nullptr;
    for (const auto number : state.operands)
      if (test(seen_[number])) return &seen_[number];
    return nullptr;
  }

  void begin();
  void gather(const Event& event);
  SlotState& touch(Slot slot);
  const std::vector<Bound>& bounds(Field field) {
    const auto number = static_cast<std::size_t>(field);
    return number < bounds_.size() && bounds_[number] ? *bounds_[number] : bind(field);
  }
  const std::vector<Bound>& bind(Field field);
  void put(Slot slot, const Value& value, std::size_t place, Field field, Derivation derivation);
  void put_item(SlotState& state, const Value& value, Field field, Derivation derivation);
  void add(SlotState& state, const Value& value, const TextForms& forms, Field field);
  // Every value of the event and its line, as keywords see them: for what is rare, the matching does without.
  const std::vector<Seen>& keyword_values() const;
  void judge_keywords();
  bool may_hold_keyword(const Value& value, bool line_is_judged) const;
  void keyword_value(const Value& item, const Value& of, std::size_t place, Field field, Seen& out) const;
  void expect(Slot slot) const;
  void judge(Slot slot);
  void judge_value(Slot slot, const Seen& seen);
  void collect(const SlotIndex& index, const Operand& operand);
  void judge_fields();
  void fire(PredicateId predicate);
  void fire_gates();
  void push_edges(const std::vector<std::uint32_t>& starts, std::uint32_t node);
  bool known(PredicateId predicate) const { return predicate_epoch_[predicate] == epoch_; }
  bool evaluate(std::uint32_t node) const;
  void explain(std::uint32_t node, std::vector<Reason>& out) const;
  Reason reason(const TreeNode& node) const;
  void decide(std::uint32_t node, bool negated, std::size_t most, std::vector<LeafVerdict>& out) const;
  LeafVerdict verdict(const TreeNode& node, bool negated) const;
  const Seen* witness(const Predicate& predicate) const;

  const Program& program_;
  const Binding& binding_;
  const FieldNames& names_;
  const bool has_keywords_;
  HyperscanScratch scratch_;
  std::vector<std::optional<std::vector<Bound>>> bounds_;  // by event field

  std::uint32_t epoch_ = 0;
  std::vector<Seen> seen_;
  mutable std::vector<Seen> keyword_seen_;  // once asked for
  mutable std::uint32_t keyword_epoch_ = 0;
  const Event* event_ = nullptr;  // of the last call
  EventTexts own_texts_;
  EventTexts* texts_ = nullptr;  // during match
  std::vector<SlotState> slots_;
  std::vector<Slot> touched_;
  std::vector<std::uint32_t> predicate_epoch_;
  std::vector<std::uint32_t> gate_epoch_;
  std::vector<std::uint32_t> gate_count_;
  std::vector<std::uint32_t> fired_;  // gates to be worked off
  std::vector<PredicateId> hits_;     // predicates that hold for the value at hand
  ValueMemo memo_;
  std::vector<std::uint32_t> candidates_;
  std::vector<std::uint32_t> matched_;
};

}  // namespace tocsin::rules::sigma
