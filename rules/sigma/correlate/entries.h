#pragma once
// What happened lately in one group, by time: a ring that costs nothing while it is empty. And how often each value is
// among it.

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "collectors/event/event.h"

namespace tocsin::rules::sigma {

// One thing that counts.
struct Occurrence {
  Time time{};
  EventId event;
  Digest128 value;    // for value_count: of the tuple; zero: none
  double number = 0;  // for sums and the like
  std::uint32_t member = 0;
};

class Entries {
 public:
  bool empty() const noexcept { return size_ == 0; }
  std::size_t size() const noexcept { return size_; }
  // 0 is the oldest.
  const Occurrence& operator[](std::size_t i) const noexcept { return ring_[(first_ + i) & mask()]; }
  const Occurrence& front() const noexcept { return ring_[first_]; }

  // Behind those of the same time. Nearly always the latest; a late one moves those after it.
  void insert(const Occurrence& occurrence);
  void pop_front() noexcept;
  void clear() noexcept;

 private:
  std::size_t mask() const noexcept { return ring_.size() - 1; }
  void grow();

  std::vector<Occurrence> ring_;  // its size is a power of two, or nothing
  std::uint32_t first_ = 0;
  std::uint32_t size_ = 0;
};

// Different values and how often each is there. A list while they are few.
class ValueCounts {
 public:
  void add(const Digest128& value);
  void remove(const Digest128& value);
  std::size_t size() const noexcept { return table_ ? table_->size() : list_.size(); }
  void clear() noexcept;

 private:
  static constexpr std::size_t few = 16;
  std::vector<std::pair<Digest128, std::uint32_t>> list_;
  std::unique_ptr<std::unordered_map<Digest128, std::uint32_t>> table_;  // instead of the list
};

}  // namespace tocsin::rules::sigma
