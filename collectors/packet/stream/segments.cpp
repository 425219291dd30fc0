#include "collectors/packet/stream/segments.h"

#include <algorithm>
#include <cstring>

namespace tocsin::collectors {

SegmentMap::iterator SegmentPool::insert(SegmentMap& map, SegmentMap::iterator hint, std::uint64_t offset, Bytes data) {
  memory_ += data.size();
  SegmentMap::iterator place;
  if (spare_.empty()) {
    place = map.emplace_hint(hint, offset, Segment{});
  } else {
    spare_.back().key() = offset;
    place = map.insert(hint, std::move(spare_.back()));
    spare_.pop_back();
  }
  place->second.data.assign(data.begin(), data.end());
  return place;
}

SegmentMap::iterator SegmentPool::erase(SegmentMap& map, SegmentMap::iterator which) {
  memory_ -= which->second.data.size();
  const auto next = std::next(which);
  auto node = map.extract(which);
  if (spare_.size() < spare_most && node.mapped().data.capacity() <= spare_capacity_most) {
    node.mapped().data.clear();
    spare_.push_back(std::move(node));
  }
  return next;
}

void SegmentPool::clear(SegmentMap& map) {
  for (auto at = map.begin(); at != map.end();) at = erase(map, at);
}

// After Novak and Sturges, "Target-Based TCP Stream Reassembly", and Shankar and Paxson's "Active Mapping".
bool later_wins(OverlapPolicy policy, std::uint64_t old_begin, std::uint64_t old_end, std::uint64_t new_begin,
                std::uint64_t new_end) noexcept {
  const bool before = new_begin < old_begin;
  const bool together = new_begin == old_begin;
  switch (policy) {
    case OverlapPolicy::first:
    case OverlapPolicy::vista: return false;
    case OverlapPolicy::last: return true;
    case OverlapPolicy::bsd_right: return before || together;
    case OverlapPolicy::linux_: return before || (together && new_end > old_end);
    case OverlapPolicy::old_linux: return before || (together && new_end >= old_end);
    case OverlapPolicy::solaris:
    case OverlapPolicy::old_solaris:
    case OverlapPolicy::hpux11: return before || together ? new_end >= old_end : new_end > old_end;
    case OverlapPolicy::bsd:
    case OverlapPolicy::hpux10:
    case OverlapPolicy::irix:
    case OverlapPolicy::macos:
    case OverlapPolicy::windows:
    case OverlapPolicy::windows2003: return before;
  }
  return false;
}

namespace {

class Insertion {
 public:
  Insertion(SegmentMap& map, SegmentPool& pool, std::uint64_t begin, Bytes data, OverlapPolicy policy)
      : map_(map), pool_(pool), begin_(begin), end_(begin + data.size()), data_(data), policy_(policy) {}

  InsertOutcome run() {
    auto at = map_.lower_bound(begin_);
    if (at != map_.begin()) {
      const auto before = std::prev(at);
      if (before->first + before->second.data.size() > begin_) at = before;
    }
    std::uint64_t cursor = begin_;
    while (cursor < end_ && at != map_.end() && at->first < end_) {
      const std::uint64_t old_end = at->first + at->second.data.size();
      if (cursor < at->first) put(at, cursor, at->first);
      resolve(at->first, at->second, std::max(cursor, at->first), std::min(end_, old_end));
      cursor = std::max(cursor, std::min(end_, old_end));
      ++at;
    }
    if (cursor < end_) put(at, cursor, end_);
    return outcome_;
  }

 private:
  Bytes slice(std::uint64_t from, std::uint64_t to) const { return data_.subspan(from - begin_, to - from); }

  void put(SegmentMap::iterator hint, std::uint64_t from, std::uint64_t to) {
    if (!pool_.fits(to - from)) {
      outcome_.refused = true;
      return;
    }
    const auto placed = pool_.insert(map_, hint, from, slice(from, to));
    placed->second.sent_begin = begin_;
    placed->second.sent_end = end_;
  }

  void resolve(std::uint64_t old_begin, Segment& old, std::uint64_t from, std::uint64_t to) {
    if (from >= to) return;
    outcome_.overlap = true;
    const Bytes fresh = slice(from, to);
    std::uint8_t* kept = old.data.data() + (from - old_begin);
    if (std::memcmp(kept, fresh.data(), fresh.size()) == 0) return;
    outcome_.different = true;
    if (later_wins(policy_, old.sent_begin, old.sent_end, begin_, end_)) std::memcpy(kept, fresh.data(), fresh.size());
  }

  SegmentMap& map_;
  SegmentPool& pool_;
  const std::uint64_t begin_;
  const std::uint64_t end_;
  const Bytes data_;
  const OverlapPolicy policy_;
  InsertOutcome outcome_;
};

}  // namespace

InsertOutcome insert_segment(SegmentMap& map, SegmentPool& pool, std::uint64_t offset, Bytes data,
                             OverlapPolicy policy) {
  if (data.empty()) return {};
  return Insertion(map, pool, offset, data, policy).run();
}

}  // namespace tocsin::collectors
