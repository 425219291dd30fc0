#pragma once
// TCP payload of one direction that waits to be acknowledged or for a hole before it to fill. Segments never overlap
// each other in here: overlaps are resolved when they arrive, by the policy of the receiving host. Insertion costs
// O(log segments + bytes). One owner, the packet worker.

#include <cstdint>
#include <map>
#include <vector>

#include "collectors/base/bytes.h"
#include "collectors/packet/options.h"

namespace tocsin::collectors {

struct Segment {
  std::vector<std::uint8_t> data;
  std::uint64_t sent_begin = 0;  // of the segment as it was sent, for overlap decisions
  std::uint64_t sent_end = 0;
};
using SegmentMap = std::map<std::uint64_t, Segment>;  // by offset in the stream

// Shared by all streams of one worker: recycles nodes with their buffers and counts the payload that is kept.
class SegmentPool {
 public:
  explicit SegmentPool(std::uint64_t memory_most) : memory_most_(memory_most) {}
  bool fits(std::size_t bytes) const noexcept { return memory_ + bytes <= memory_most_; }
  SegmentMap::iterator insert(SegmentMap& map, SegmentMap::iterator hint, std::uint64_t offset, Bytes data);
  SegmentMap::iterator erase(SegmentMap& map, SegmentMap::iterator which);
  void clear(SegmentMap& map);
  std::uint64_t memory() const noexcept { return memory_; }

 private:
  static constexpr std::size_t spare_most = 1'024;
  static constexpr std::size_t spare_capacity_most = 4'096;

  const std::uint64_t memory_most_;
  std::uint64_t memory_ = 0;
  std::vector<SegmentMap::node_type> spare_;
};

struct InsertOutcome {
  bool overlap = false;
  bool different = false;  // overlapping bytes were not the same
  bool refused = false;    // memory cap
};

// Puts [offset, offset + data.size()) in.
InsertOutcome insert_segment(SegmentMap& map, SegmentPool& pool, std::uint64_t offset, Bytes data,
                             OverlapPolicy policy);

// Who wins the bytes that both cover: true for the segment that came later.
bool later_wins(OverlapPolicy policy, std::uint64_t old_begin, std::uint64_t old_end, std::uint64_t new_begin,
                std::uint64_t new_end) noexcept;

}  // namespace tocsin::collectors
