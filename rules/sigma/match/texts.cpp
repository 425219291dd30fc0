#include "rules/sigma/match/texts.h"

#include "collectors/base/digest.h"
#include "rules/sigma/compile/fold.h"
#include "rules/sigma/match/value_memo.h"

namespace tocsin::rules::sigma {

void EventTexts::begin() noexcept {
  storage_used_ = 0;
  if (++epoch_ != 0) return;
  for (auto& entry : entries_) entry.epoch = 0;  // wrapped: old ones could look new
  epoch_ = 1;
}

std::string& EventTexts::storage() {
  if (storage_used_ == storage_.size()) storage_.emplace_back();
  auto& out = storage_[storage_used_++];
  out.clear();
  return out;
}

void EventTexts::fill(std::string_view text, TextForms& out) {
  out.text = out.folded = text;
  const auto letters = letters_of(text);
  out.ascii = letters != Letters::other;
  switch (letters) {
    case Letters::folded_ascii: break;
    case Letters::ascii: out.folded = fold_ascii(text, storage()); break;
    case Letters::other:
      out.text = make_valid(text, storage());
      out.folded = fold(out.text, storage());
      break;
  }
  out.hash = out.text.size() <= ValueMemo::text_most ? hash64(out.text) : 0;
}

TextForms EventTexts::make(std::string_view text) {
  TextForms out;
  fill(text, out);
  return out;
}

const TextForms& EventTexts::at(std::size_t place, const Value& value) {
  if (place >= entries_.size()) entries_.resize(place + 1);
  auto& entry = entries_[place];
  if (entry.epoch == epoch_) return entry.forms;
  entry.epoch = epoch_;
  std::string_view text = value.as_text();
  if (!value.is_text()) {
    auto& rendered = storage();
    append_text(rendered, value);
    text = rendered;
  }
  fill(text, entry.forms);
  return entry.forms;
}

}  // namespace tocsin::rules::sigma
