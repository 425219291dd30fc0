#include "rules/signature/prefilter/address_trie.h"

#include <algorithm>

namespace tocsin::rules::signature {
namespace {

int bit_at(const V6& key, int position) noexcept {
  return (key[static_cast<std::size_t>(position / 8)] >> (7 - position % 8)) & 1;
}

V6 left_aligned(std::uint32_t address) noexcept {
  V6 key{};
  for (std::size_t i = 0; i < 4; ++i) key[i] = static_cast<std::uint8_t>(address >> (24 - 8 * i));
  return key;
}

// Last address of the network base/length.
V6 last_of(V6 base, int length, int bits) noexcept {
  for (int i = length; i < bits; ++i)
    base[static_cast<std::size_t>(i / 8)] =
        static_cast<std::uint8_t>(base[static_cast<std::size_t>(i / 8)] | (0x80 >> (i % 8)));
  return base;
}

bool is_zero_from(const V6& key, int position, int bits) noexcept {
  for (int i = position; i < bits; ++i)
    if (bit_at(key, i) != 0) return false;
  return true;
}

// The address after `key` within its first `bits` bits.
V6 successor(V6 key, int bits) noexcept {
  for (int i = bits / 8; i-- > 0;)
    if (++key[static_cast<std::size_t>(i)] != 0) break;
  return key;
}

}  // namespace

AddressTrie::AddressTrie() : nodes_(2) {}

void AddressTrie::insert(const AddressSet& set, std::uint32_t rule) {
  for (const auto& range : set.v4()) insert_range(0, left_aligned(range.low), left_aligned(range.high), 32, rule);
  for (const auto& range : set.v6()) insert_range(1, range.low, range.high, 128, rule);
}

// Cuts the range into the largest networks that fit.
void AddressTrie::insert_range(std::size_t root, V6 low, const V6& high, int bits, std::uint32_t rule) {
  while (true) {
    int length = bits;
    while (length > 0 && is_zero_from(low, length - 1, bits) && last_of(low, length - 1, bits) <= high) --length;
    insert_prefix(root, low, length, rule);
    const V6 last = last_of(low, length, bits);
    if (last >= high) return;
    low = successor(last, bits);
  }
}

void AddressTrie::insert_prefix(std::size_t root, const V6& base, int length, std::uint32_t rule) {
  std::size_t node = root;
  for (int i = 0; i < length; ++i) {
    const auto side = static_cast<std::size_t>(bit_at(base, i));
    if (nodes_[node].child[side] == 0) {
      nodes_.emplace_back();
      nodes_[node].child[side] = static_cast<std::uint32_t>(nodes_.size() - 1);
    }
    node = nodes_[node].child[side];
  }
  if (nodes_[node].list == 0) {
    lists_.emplace_back();
    nodes_[node].list = static_cast<std::uint32_t>(lists_.size());
  }
  auto& list = lists_[nodes_[node].list - 1];
  if (list.empty() || list.back() != rule) list.push_back(rule);
}

void AddressTrie::find(const IpAddress& address, std::vector<std::uint32_t>& rules) const {
  if (!address) return;
  V6 key{};
  std::ranges::copy(address.bytes(), key.begin());
  const int bits = address.is_v4() ? 32 : 128;
  std::size_t node = address.is_v4() ? 0 : 1;
  for (int i = 0;; ++i) {
    if (const auto list = nodes_[node].list; list != 0)
      rules.insert(rules.end(), lists_[list - 1].begin(), lists_[list - 1].end());
    if (i == bits) return;
    const auto child = nodes_[node].child[static_cast<std::size_t>(bit_at(key, i))];
    if (child == 0) return;
    node = child;
  }
}

}  // namespace tocsin::rules::signature
