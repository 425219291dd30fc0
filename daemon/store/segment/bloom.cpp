#include "daemon/store/segment/bloom.h"

#include <algorithm>

namespace tocsin::daemon {
namespace {

constexpr int probes = 7;

std::uint64_t probe(std::uint64_t hash, int i, std::uint32_t bits) noexcept {
  const std::uint64_t step = (hash >> 32) | 1;
  return (hash + static_cast<std::uint64_t>(i) * step) % bits;
}

}  // namespace

BloomFilter::BloomFilter(const std::set<std::uint64_t>& hashes) {
  if (hashes.empty()) return;
  bits_ = static_cast<std::uint32_t>(std::clamp<std::size_t>(hashes.size() * 10, 64, bits_most));
  bits_ = (bits_ + 7) / 8 * 8;
  bytes_.resize(bits_ / 8);
  for (const auto hash : hashes)
    for (int i = 0; i < probes; ++i) {
      const auto bit = probe(hash, i, bits_);
      bytes_[bit / 8] |= static_cast<std::uint8_t>(1U << (bit % 8));
    }
}

BloomFilter BloomFilter::everything() {
  BloomFilter filter;
  filter.bits_ = all;
  return filter;
}

bool BloomFilter::may_contain(std::uint64_t hash) const noexcept {
  if (bits_ == all) return true;
  if (bits_ == 0) return false;
  for (int i = 0; i < probes; ++i) {
    const auto bit = probe(hash, i, bits_);
    if ((bytes_[bit / 8] & (1U << (bit % 8))) == 0) return false;
  }
  return true;
}

void BloomFilter::append_to(std::string& out) const {
  for (int shift = 0; shift < 32; shift += 8) out += static_cast<char>(bits_ >> shift);
  out.append(reinterpret_cast<const char*>(bytes_.data()), bytes_.size());
}

std::optional<BloomFilter> BloomFilter::read(ByteReader& in) {
  BloomFilter filter;
  filter.bits_ = in.u32_little();
  if (!in.ok()) return std::nullopt;
  if (filter.bits_ == all) return filter;
  if (filter.bits_ > bits_most + 8 || filter.bits_ % 8 != 0) return std::nullopt;
  const auto bytes = in.take(filter.bits_ / 8);
  if (!in.ok()) return std::nullopt;
  filter.bytes_.assign(bytes.begin(), bytes.end());
  return filter;
}

}  // namespace tocsin::daemon
