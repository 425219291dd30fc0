#pragma once
// The groups of one correlation: found by key, known by when they were last used. Places are reused; one lookup touches
// a bucket, the group and three links. One thread.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "rules/sigma/correlate/group.h"

namespace tocsin::rules::sigma {

class GroupTable {
 public:
  using Place = std::uint32_t;
  static constexpr Place none = 0xFFFFFFFF;

  // What every occurrence looks at comes first, in as few cache lines as it can.
  struct alignas(64) Slot {
    std::string key;
    Time seen{};
    Group group;
    Origin origin;
  };

  std::size_t size() const noexcept { return size_; }
  // `none` when there is no such group.
  Place find(std::string_view key) const noexcept { return find(hash_of(key), key); }
  // The same, and the group is now the one used latest.
  Place use(std::string_view key) noexcept;
  // A group that is not there yet. References to slots hold until the next `add`.
  Place add(std::string_view key, const Correlation& correlation, Time now);
  void erase(Place place);

  Slot& operator[](Place place) noexcept { return slots_[place]; }
  const Slot& operator[](Place place) const noexcept { return slots_[place]; }
  Place oldest() const noexcept { return oldest_; }
  // The one used next after it; `none` after the latest.
  Place newer(Place place) const noexcept { return links_[place].newer; }

 private:
  struct Bucket {
    std::uint32_t tag = 0;
    Place place = none;
  };
  struct Link {
    Place newer = none;
    Place older = none;
  };
  static std::uint64_t hash_of(std::string_view key) noexcept;
  Place find(std::uint64_t hash, std::string_view key) const noexcept;
  void link_latest(Place place) noexcept;
  void unlink(Place place) noexcept;
  void put(std::uint64_t hash, Place place) noexcept;
  void grow();

  std::vector<Bucket> buckets_;  // a power of two; at most half full; a tag's low bits are its wanted bucket
  std::vector<Slot> slots_;
  std::vector<Link> links_;
  std::vector<Place> free_;
  Place latest_ = none;
  Place oldest_ = none;
  std::size_t size_ = 0;
};

}  // namespace tocsin::rules::sigma
