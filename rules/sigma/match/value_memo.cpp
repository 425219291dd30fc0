#include "rules/sigma/match/value_memo.h"

#include <algorithm>
#include <cstring>

namespace tocsin::rules::sigma {

std::optional<std::span<const PredicateId>> ValueMemo::find(const Key& key, std::uint64_t hash) {
  if (table_.empty()) table_.resize(places);
  const auto tag = tag_of(key);
  hash_ = mixed(hash, tag);
  const auto& place = table_[hash_ >> (64 - places_bits)];
  if (place.hash != hash_ || place.tag != tag || place.text() != key.text) return std::nullopt;
  return std::span(place.room).subspan(Place::behind(place.size), place.held);
}

void ValueMemo::expect(const Key& key, std::uint64_t hash) const noexcept {
  if (table_.empty()) return;
  const auto* place = reinterpret_cast<const char*>(&table_[mixed(hash, tag_of(key)) >> (64 - places_bits)]);
  __builtin_prefetch(place);
  __builtin_prefetch(place + 64);
}

void ValueMemo::keep(const Key& key, std::span<const PredicateId> held) {
  if (held.size() > held_most) return;
  auto& place = table_[hash_ >> (64 - places_bits)];
  place.hash = hash_;
  place.tag = tag_of(key);
  place.size = static_cast<std::uint8_t>(key.text.size());
  place.held = static_cast<std::uint8_t>(held.size());
  std::memcpy(place.room.data(), key.text.data(), key.text.size());
  std::ranges::copy(held, place.room.begin() + static_cast<std::ptrdiff_t>(Place::behind(key.text.size())));
}

}  // namespace tocsin::rules::sigma
