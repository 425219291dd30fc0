#include "rules/sigma/correlate/group_table.h"

#include <algorithm>

#include "collectors/base/digest.h"

namespace tocsin::rules::sigma {

std::uint64_t GroupTable::hash_of(std::string_view key) noexcept { return hash64(key); }

GroupTable::Place GroupTable::find(std::uint64_t hash, std::string_view key) const noexcept {
  if (buckets_.empty()) return none;
  const auto mask = buckets_.size() - 1;
  const auto tag = static_cast<std::uint32_t>(hash);
  for (auto at = tag & mask; buckets_[at].place != none; at = (at + 1) & mask)
    if (buckets_[at].tag == tag && slots_[buckets_[at].place].key == key) return buckets_[at].place;
  return none;
}

GroupTable::Place GroupTable::use(std::string_view key) noexcept {
  const auto place = find(hash_of(key), key);
  if (place != none && place != latest_) {
    unlink(place);
    link_latest(place);
  }
  return place;
}

void GroupTable::link_latest(Place place) noexcept {
  links_[place] = {none, latest_};
  if (latest_ != none) links_[latest_].newer = place;
  else oldest_ = place;
  latest_ = place;
}

void GroupTable::unlink(Place place) noexcept {
  const auto [newer, older] = links_[place];
  if (newer != none) links_[newer].older = older;
  else latest_ = older;
  if (older != none) links_[older].newer = newer;
  else oldest_ = newer;
}

void GroupTable::put(std::uint64_t hash, Place place) noexcept {
  const auto mask = buckets_.size() - 1;
  const auto tag = static_cast<std::uint32_t>(hash);
  auto at = tag & mask;
  while (buckets_[at].place != none) at = (at + 1) & mask;
  buckets_[at] = {tag, place};
}

void GroupTable::grow() {
  const auto old = std::move(buckets_);
  buckets_.assign(std::max<std::size_t>(16, old.size() * 2), {});
  for (const auto& bucket : old)
    if (bucket.place != none) put(bucket.tag, bucket.place);
}

GroupTable::Place GroupTable::add(std::string_view key, const Correlation& correlation, Time now) {
  if ((size_ + 1) * 2 > buckets_.size()) grow();
  Slot slot{std::string(key), now, Group(correlation), {}};
  Place place = 0;
  if (free_.empty()) {
    place = static_cast<Place>(slots_.size());
    slots_.push_back(std::move(slot));
    links_.emplace_back();
  } else {
    place = free_.back();
    free_.pop_back();
    slots_[place] = std::move(slot);
  }
  put(hash_of(key), place);
  link_latest(place);
  ++size_;
  return place;
}

void GroupTable::erase(Place place) {
  const auto mask = buckets_.size() - 1;
  const auto tag = static_cast<std::uint32_t>(hash_of(slots_[place].key));
  auto at = tag & mask;
  while (buckets_[at].place != place) at = (at + 1) & mask;
  // What stands behind it and would not be found over the gap moves up.
  for (auto next = (at + 1) & mask; buckets_[next].place != none; next = (next + 1) & mask) {
    const auto wanted = buckets_[next].tag & mask;
    if (((next - wanted) & mask) < ((next - at) & mask)) continue;
    buckets_[at] = buckets_[next];
    at = next;
  }
  buckets_[at] = {};
  unlink(place);
  slots_[place].key = {};
  slots_[place].origin = {};
  slots_[place].group.release();
  free_.push_back(place);
  --size_;
}

}  // namespace tocsin::rules::sigma
