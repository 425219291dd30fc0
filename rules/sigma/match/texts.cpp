#include "rules/sigma/match/texts.h"

#include "rules/sigma/compile/fold.h"

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

TextForms EventTexts::make(std::string_view text) {
  TextForms out;
  switch (letters_of(text)) {
    case Letters::folded_ascii: return {text, text};
    case Letters::ascii: return {text, fold_ascii(text, storage())};
    case Letters::other: break;
  }
  out.text = make_valid(text, storage());
  out.folded = fold(out.text, storage());
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
  return entry.forms = make(text);
}

}  // namespace tocsin::rules::sigma
