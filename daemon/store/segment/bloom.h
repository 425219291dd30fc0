#pragma once
// Bloom filter: says "certainly not" or "maybe". Ten bits and seven probes per key: about one wrong "maybe" in a
// hundred.

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "collectors/base/bytes.h"

namespace tocsin::daemon {

class BloomFilter {
 public:
  BloomFilter() = default;  // of no keys: always "certainly not"
  explicit BloomFilter(const std::set<std::uint64_t>& hashes);
  static BloomFilter everything();  // always "maybe": too many keys to filter by

  bool may_contain(std::uint64_t hash) const noexcept;
  void append_to(std::string& out) const;
  // Reads what append_to wrote; nothing when the bytes are not one.
  static std::optional<BloomFilter> read(ByteReader& in);
  friend bool operator==(const BloomFilter&, const BloomFilter&) = default;

 private:
  static constexpr std::uint32_t bits_most = 1U << 26;
  static constexpr std::uint32_t all = 0xFFFFFFFF;

  std::uint32_t bits_ = 0;  // `all`: everything
  std::vector<std::uint8_t> bytes_;
};

}  // namespace tocsin::daemon
