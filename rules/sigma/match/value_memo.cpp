#include "rules/sigma/match/value_memo.h"

#include <algorithm>
#include <cstring>

namespace tocsin::rules::sigma {

std::optional<std::span<const PredicateId>> ValueMemo::find(const Key& key, std::uint64_t hash) {
  if (table_.empty()) table_.resize(places);
  // The field stirs the upper half too: places are taken from there.
  const auto tag = tag_of(key);
  hash_ = (hash ^ tag) * 0x9E3779B97F4A7C15ULL;
  const auto& place = table_[hash_ >> (64 - places_bits)];
  if (place.hash != hash_ || place.tag != tag || place.text() != key.text) return std::nullopt;
  return std::span(place.room).subspan(Place::behind(place.size), place.held);
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
