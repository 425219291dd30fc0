#include "rules/sigma/match/matcher.h"

#include <algorithm>

#include "rules/sigma/compile/fold.h"

namespace tocsin::rules::sigma {

Matcher::Matcher(const Program& program, const Binding& binding, const FieldNames& names)
    : program_(program),
      binding_(binding),
      names_(names),
      has_keywords_(program.has_keywords()),
      slots_(program.slots.size()),
      predicate_epoch_(program.predicates.size()),
      gate_epoch_(program.gate_needs.size()),
      gate_count_(program.gate_needs.size()) {
  for (const auto& index : program.indices) {
    index.folded.prepare(scratch_);
    index.folded_wide.prepare(scratch_);
    index.raw.prepare(scratch_);
  }
}

void Matcher::begin() {
  if (++epoch_ == 0) {  // wrapped: old marks could look new
    std::ranges::fill(predicate_epoch_, 0);
    std::ranges::fill(gate_epoch_, 0);
    for (auto& slot : slots_) slot.epoch = 0;
    keyword_epoch_ = 0;
    epoch_ = 1;
  }
  seen_.clear();
  touched_.clear();
  candidates_.clear();
  matched_.clear();
}

const std::vector<Bound>& Matcher::bind(Field field) {
  const auto number = static_cast<std::size_t>(field);
  if (number >= bounds_.size()) bounds_.resize(number + 1);
  return bounds_[number].emplace(binding_.bounds(names_.name(field)));
}

void Matcher::add(SlotState& state, const Value& value, const TextForms& forms, Field field) {
  state.has_value = true;
  state.operands.push_back(static_cast<std::uint32_t>(seen_.size()));
  // Written where it stays: a copy of what has just been put together piece by piece has to wait for the pieces.
  auto& seen = seen_.emplace_back();
  seen.operand.value = value;
  seen.operand.text = forms.text;
  seen.operand.folded = forms.folded;
  seen.hash = forms.hash;
  seen.field = field;
}

// A value that stands at no place of the event: an item of a list, or one that is derived.
void Matcher::put_item(SlotState& state, const Value& value, Field field, Derivation derivation) {
  if (value.is_null()) return;
  std::string_view text = value.as_text();
  if (!value.is_text()) {
    auto& rendered = texts_->storage();
    append_text(rendered, value);
    text = rendered;
  }
  if (derivation == Derivation::none) return add(state, value, texts_->make(text), field);
  auto& derived = texts_->storage();
  if (derive(derivation, text, derived)) add(state, Value::text(derived), texts_->make(derived), field);
}

Matcher::SlotState& Matcher::touch(Slot slot) {
  auto& state = slots_[slot];
  if (state.epoch == epoch_) return state;
  state.epoch = epoch_;
  state.has_value = false;
  state.operands.clear();
  touched_.push_back(slot);
  return state;
}

void Matcher::put(Slot slot, const Value& value, std::size_t place, Field field, Derivation derivation) {
  auto& state = touch(slot);
  if (value.is_list()) {
    for (const auto& item : value.as_list()) put_item(state, item, field, derivation);
  } else if (derivation != Derivation::none) {
    put_item(state, value, field, derivation);
  } else if (!value.is_null()) {
    add(state, value, texts_->at(place, value), field);
  }
}

void Matcher::gather(const Event& event) {
  std::size_t place = 0;
  for (const auto& entry : event.fields()) {
    for (const auto& bound : bounds(entry.field)) put(bound.slot, entry.value, place, entry.field, bound.derivation);
    ++place;
  }
}

void Matcher::push_edges(const std::vector<std::uint32_t>& starts, std::uint32_t node) {
  for (auto edge = starts[node]; edge < starts[node + 1]; ++edge) {
    const auto gate = program_.edges[edge];
    if (gate_epoch_[gate] != epoch_) {
      gate_epoch_[gate] = epoch_;
      gate_count_[gate] = 0;
    }
    if (++gate_count_[gate] == program_.gate_needs[gate]) fired_.push_back(gate);
  }
}

void Matcher::fire_gates() {
  while (!fired_.empty()) {
    const auto gate = fired_.back();
    fired_.pop_back();
    const auto& rules = program_.gate_rules[gate];
    candidates_.insert(candidates_.end(), rules.begin(), rules.end());
    push_edges(program_.gate_edges, gate);
  }
}

void Matcher::fire(PredicateId predicate) {
  if (known(predicate)) return;
  predicate_epoch_[predicate] = epoch_;
  const auto& rules = program_.predicate_rules[predicate];
  candidates_.insert(candidates_.end(), rules.begin(), rules.end());
  push_edges(program_.predicate_edges, predicate);
  fire_gates();
}

// What holds for a value depends on the value alone.
void Matcher::collect(const SlotIndex& index, const Operand& operand) {
  hits_.clear();
  if (const auto found = index.exact.find(operand.folded); found != index.exact.end()) hits_.push_back(found->second);
  if (!index.numbers.empty())
    if (const auto number = number_of(operand)) {
      const auto [first, last] = index.numbers.equal_range(*number);
      for (auto it = first; it != last; ++it) hits_.push_back(it->second);
    }
  if (!index.searches()) return;
  if (!index.folded.empty()) index.folded.scan(operand.folded, scratch_, hits_);
  if (!index.folded_wide.empty() && !is_ascii(operand.folded)) index.folded_wide.scan(operand.folded, scratch_, hits_);
  if (!index.raw.empty()) index.raw.scan(operand.text, scratch_, hits_);
  for (const auto id : index.others)
    if (holds(program_.predicates[id], operand)) hits_.push_back(id);
}

void Matcher::judge_value(Slot slot, const Seen& seen) {
  const auto& index = program_.indices[slot];
  const auto& operand = seen.operand;
  const ValueMemo::Key key{slot, operand.value.kind(), operand.text};
  if (!index.searches() || !ValueMemo::fits(key)) {
    collect(index, operand);
  } else if (const auto known = memo_.find(key, seen.hash)) {
    for (const auto id : *known) fire(id);
    return;
  } else {
    collect(index, operand);
    memo_.keep(key, hits_);
  }
  for (const auto id : hits_) fire(id);
}

void Matcher::expect(Slot slot) const {
  if (!program_.indices[slot].searches()) return;
  for (const auto number : slots_[slot].operands) {
    const auto& seen = seen_[number];
    memo_.expect({slot, seen.operand.value.kind(), seen.operand.text}, seen.hash);
  }
}

void Matcher::judge(Slot slot) {
  const auto& index = program_.indices[slot];
  const auto& state = slots_[slot];
  if (index.present != SlotIndex::none) fire(index.present);
  if (index.has_value != SlotIndex::none && state.has_value) fire(index.has_value);
  for (const auto number : state.operands) judge_value(slot, seen_[number]);
}

void Matcher::judge_fields() {
  for (const auto id : program_.field_predicates) {
    const auto& p = program_.predicates[id];
    if (witness(p)) fire(id);
  }
}

const Matcher::Seen* Matcher::witness(const Predicate& p) const {
  if (p.kind != Predicate::Kind::field) {
    const bool any = p.kind == Predicate::Kind::present || p.kind == Predicate::Kind::has_value;
    return first_seen(p.slot, [&](const Seen& seen) { return any || holds(p, seen.operand); });
  }
  return first_seen(p.slot, [&](const Seen& seen) {
    return first_seen(p.other, [&](const Seen& other) {
             return field_holds(p, seen.operand.folded, other.operand.folded);
           }) != nullptr;
  });
}

bool Matcher::evaluate(std::uint32_t index) const {
  const auto& node = program_.nodes[index];
  const auto child = [&](std::uint32_t i) { return program_.children[node.first + i]; };
  switch (node.kind) {
    case TreeNode::Kind::predicate: return known(node.predicate);
    case TreeNode::Kind::negation: return !evaluate(child(0));
    case TreeNode::Kind::all:
      for (std::uint32_t i = 0; i < node.count; ++i)
        if (!evaluate(child(i))) return false;
      return true;
    case TreeNode::Kind::any:
      for (std::uint32_t i = 0; i < node.count; ++i)
        if (evaluate(child(i))) return true;
      return false;
  }
  return false;
}

const std::vector<std::uint32_t>& Matcher::match(const Event& event, EventTexts& texts) {
  begin();
  texts_ = &texts;
  event_ = &event;
  gather(event);
  // What is known of the next field's values comes from memory while this one's are judged.
  for (std::size_t i = 0; i < touched_.size(); ++i) {
    if (i + 1 < touched_.size()) expect(touched_[i + 1]);
    judge(touched_[i]);
  }
  if (has_keywords_) judge_keywords();
  judge_fields();
  candidates_.insert(candidates_.end(), program_.always.begin(), program_.always.end());
  std::ranges::sort(candidates_);
  for (const auto rule : candidates_)
    if (program_.rules[rule].exact || evaluate(program_.rules[rule].root)) matched_.push_back(rule);
  return matched_;
}

}  // namespace tocsin::rules::sigma
