#include "rules/sigma/correlate/recent_ids.h"

namespace tocsin::rules::sigma {

bool RecentIds::insert(const Digest128& id) {
  if (buckets_.empty()) buckets_.resize(std::size_t{bucket_mask} + 1);
  const auto tag = tag_of(id);
  for (auto at = tag & bucket_mask; buckets_[at].place != none; at = (at + 1) & bucket_mask)
    if (buckets_[at].tag == tag && ring_[buckets_[at].place] == id) return false;
  if (ring_.size() < most) {
    ring_.push_back(id);
  } else {
    forget(ring_[next_], next_);
    ring_[next_] = id;
  }
  auto at = tag & bucket_mask;  // forgetting may have moved what stood there
  while (buckets_[at].place != none) at = (at + 1) & bucket_mask;
  buckets_[at] = {tag, next_};
  next_ = (next_ + 1) % most;
  return true;
}

void RecentIds::forget(const Digest128& id, std::uint32_t place) {
  auto at = tag_of(id) & bucket_mask;
  while (buckets_[at].place != place) at = (at + 1) & bucket_mask;
  // What stands behind it and would not be found over the gap moves up.
  for (auto next = (at + 1) & bucket_mask; buckets_[next].place != none; next = (next + 1) & bucket_mask) {
    const auto wanted = buckets_[next].tag & bucket_mask;
    if (((next - wanted) & bucket_mask) < ((next - at) & bucket_mask)) continue;
    buckets_[at] = buckets_[next];
    at = next;
  }
  buckets_[at] = {};
}

}  // namespace tocsin::rules::sigma
