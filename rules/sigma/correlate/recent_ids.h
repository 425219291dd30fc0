#pragma once
// The latest ids that were counted, so that the same event twice (a log that was exported twice, read under two names)
// counts once. The oldest is forgotten at the cap. One thread.

#include <cstdint>
#include <vector>

#include "collectors/base/digest.h"

namespace tocsin::rules::sigma {

class RecentIds {
 public:
  static constexpr std::uint32_t most = 1U << 16;
  // False when it is among the latest already.
  bool insert(const Digest128& id);

 private:
  static constexpr std::uint32_t bucket_mask = most * 2 - 1;
  static constexpr std::uint32_t none = 0xFFFFFFFF;
  struct Bucket {
    std::uint32_t tag = 0;
    std::uint32_t place = none;
  };
  static std::uint32_t tag_of(const Digest128& id) noexcept { return static_cast<std::uint32_t>(id.low ^ id.high); }
  void forget(const Digest128& id, std::uint32_t place);

  std::vector<Digest128> ring_;  // made with the first id
  std::vector<Bucket> buckets_;
  std::uint32_t next_ = 0;
};

}  // namespace tocsin::rules::sigma
