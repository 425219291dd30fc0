// Keywords: the part of Matcher that looks for them in every value of an event and in its line.

#include <algorithm>
#include <functional>

#include "rules/sigma/match/matcher.h"

namespace tocsin::rules::sigma {
namespace {

bool stands_in(std::string_view part, std::string_view text) {
  constexpr std::less_equal<const char*> not_behind;
  return not_behind(text.data(), part.data()) && not_behind(part.data() + part.size(), text.data() + text.size());
}

}  // namespace

// Written where it stays, as add() does.
void Matcher::keyword_value(const Value& item, const Value& of, std::size_t place, Field field, Seen& out) const {
  out.operand.value = item;
  out.field = field;
  const auto take = [&](const TextForms& forms) {
    out.operand.text = forms.text;
    out.operand.folded = forms.folded;
    out.hash = forms.hash;
  };
  if (!of.is_list()) return take(texts_->at(place, item));
  std::string_view text = item.as_text();
  if (!item.is_text()) {
    auto& rendered = texts_->storage();
    append_text(rendered, item);
    text = rendered;
  }
  take(texts_->make(text));
}

const std::vector<Matcher::Seen>& Matcher::keyword_values() const {
  if (keyword_epoch_ == epoch_) return keyword_seen_;
  keyword_epoch_ = epoch_;
  keyword_seen_.clear();
  std::size_t place = 0;
  for (const auto& [field, value] : event_->fields()) {
    for (const auto& item : value.items())
      if (!item.is_null()) keyword_value(item, value, place, field, keyword_seen_.emplace_back());
    ++place;
  }
  if (event_->original().empty()) return keyword_seen_;
  const auto line = Value::text(event_->original());
  keyword_value(line, line, place, Field{}, keyword_seen_.emplace_back());
  return keyword_seen_;
}

// `line_is_judged`: the line is ASCII, and what it holds is known.
bool Matcher::may_hold_keyword(const Value& value, bool line_is_judged) const {
  const auto& gate = program_.keyword_gate;
  switch (value.kind()) {
    case Value::Kind::null: return false;
    case Value::Kind::text:
      // No text has more code points than bytes, and folding keeps their number.
      if (value.as_text().size() < gate.shortest) return false;
      return !line_is_judged || !stands_in(value.as_text(), event_->original());
    case Value::Kind::integer:
    case Value::Kind::unsigned_:
      return !gate.usual || !std::ranges::all_of(gate.in_numbers, [&](PredicateId id) { return known(id); });
    default: return true;
  }
}

void Matcher::judge_keywords() {
  const auto& index = program_.indices[keyword_slot];
  if (!program_.keyword_gate.usual) {
    if (index.has_value != SlotIndex::none && !keyword_values().empty()) fire(index.has_value);
    for (const auto& seen : keyword_values()) judge_value(keyword_slot, seen);
    return;
  }
  bool line_is_judged = false;
  if (!event_->original().empty()) {
    const auto line = Value::text(event_->original());
    auto& seen = seen_.emplace_back();
    keyword_value(line, line, event_->fields().size(), Field{}, seen);
    judge_value(keyword_slot, seen);
    line_is_judged = texts_->at(event_->fields().size(), line).ascii;
  }
  const auto first = seen_.size();
  std::size_t place = 0;
  for (const auto& [field, value] : event_->fields()) {
    for (const auto& item : value.items()) {
      if (!may_hold_keyword(item, line_is_judged)) continue;
      auto& seen = seen_.emplace_back();
      keyword_value(item, value, place, field, seen);
      memo_.expect({keyword_slot, item.kind(), seen.operand.text}, seen.hash);
    }
    ++place;
  }
  for (auto i = first; i < seen_.size(); ++i) judge_value(keyword_slot, seen_[i]);
}

}  // namespace tocsin::rules::sigma
