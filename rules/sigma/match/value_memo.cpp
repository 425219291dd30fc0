#include "rules/sigma/match/value_memo.h"

#include "collectors/base/digest.h"

namespace tocsin::rules::sigma {

std::optional<std::span<const PredicateId>> ValueMemo::find(const Key& key) {
  if (table_.empty()) table_.resize(places);
  hash_ = hash64(key.text, key.slot * 16ULL + static_cast<std::uint64_t>(key.kind));
  const auto& place = table_[hash_ % places];
  if (!place.taken || place.hash != hash_ || place.slot != key.slot || place.kind != key.kind || place.text != key.text)
    return std::nullopt;
  return place.held;
}

void ValueMemo::keep(const Key& key, std::span<const PredicateId> held) {
  if (held.size() > held_most) return;
  auto& place = table_[hash_ % places];
  place.hash = hash_;
  place.slot = key.slot;
  place.kind = key.kind;
  place.taken = true;
  place.text.assign(key.text);
  place.held.assign(held.begin(), held.end());
}

}  // namespace tocsin::rules::sigma
