#include "rules/indicator/network_trie.h"

#include <algorithm>
#include <bit>

namespace tocsin::rules::indicator {
namespace {

constexpr std::size_t starts_from = 256;  // IPv4 networks, from which the table of starts pays
constexpr std::uint8_t start_bits = 16;

std::uint64_t mask_of(unsigned bits) noexcept {
  return bits == 0 ? 0 : ~std::uint64_t{0} << (64 - std::min(bits, 64U));
}

}  // namespace

NetworkTrie::Key NetworkTrie::key_of(const IpAddress& address, std::uint8_t length) noexcept {
  Key key;
  if (address.is_v4()) {
    key.high = std::uint64_t{address.v4_host_order()} << 32;
  } else {
    const auto bytes = address.bytes();
    for (std::size_t i = 0; i < 8; ++i) {
      key.high = (key.high << 8) | bytes[i];
      key.low = (key.low << 8) | bytes[i + 8];
    }
  }
  key.length = length;
  key.high &= mask_of(length);
  key.low &= length > 64 ? mask_of(length - 64U) : 0;
  return key;
}

std::uint8_t NetworkTrie::Key::common(const Node& node) const noexcept {
  const auto high_difference = high ^ node.high;
  const auto bits = high_difference != 0 ? std::countl_zero(high_difference) : 64 + std::countl_zero(low ^ node.low);
  return static_cast<std::uint8_t>(std::min({bits, static_cast<int>(length), static_cast<int>(node.length)}));
}

std::uint32_t NetworkTrie::make(const Key& key, std::uint8_t length, std::uint32_t item) {
  Node node;
  node.high = key.high & mask_of(length);
  node.low = length > 64 ? key.low & mask_of(length - 64U) : 0;
  node.length = length;
  node.item = item;
  nodes_.push_back(node);
  return static_cast<std::uint32_t>(nodes_.size() - 1);
}

void NetworkTrie::add(const Network& network, std::uint32_t item) {
  const auto key = key_of(network.base, network.prefix);
  if (network.base.is_v4()) ++count_v4_;
  item_most_ = std::max(item_most_, item);
  const std::size_t root = network.base.is_v4() ? 0 : 1;
  // Where the number of the node at hand stands: a root, or a child of `parent`.
  std::uint32_t parent = none;
  bool side = false;
  const auto set = [&](std::uint32_t node) { (parent == none ? roots_[root] : nodes_[parent].child[side]) = node; };
  for (;;) {
    const auto at = parent == none ? roots_[root] : nodes_[parent].child[side];
    if (at == none) return set(make(key, key.length, item));
    const auto common = key.common(nodes_[at]);
    if (common == nodes_[at].length) {
      if (common == key.length) {
        nodes_[at].item = item;
        return;
      }
      parent = at;
      side = key.bit(common);
      continue;
    }
    // They part inside this node's path: what they have in common becomes a node of its own.
    Key of_node;
    of_node.high = nodes_[at].high;
    of_node.low = nodes_[at].low;
    const auto fork = make(key, common, common == key.length ? item : none);
    set(fork);
    nodes_[fork].child[of_node.bit(common)] = at;
    if (common < key.length) {
      const auto leaf = make(key, key.length, item);
      nodes_[fork].child[key.bit(common)] = leaf;
    }
    return;
  }
}

void NetworkTrie::finish() {
  wider_.assign(nodes_.empty() ? 0 : std::size_t{item_most_} + 1, none);
  struct Visit {
    std::uint32_t node;
    std::uint32_t around;
  };
  std::vector<Visit> visits;
  for (const auto root : roots_)
    if (root != none) visits.push_back({root, none});
  while (!visits.empty()) {
    const auto visit = visits.back();
    visits.pop_back();
    const auto& node = nodes_[visit.node];
    if (node.item != none) wider_[node.item] = visit.around;
    for (const auto child : node.child)
      if (child != none) visits.push_back({child, node.item != none ? node.item : visit.around});
  }
  if (count_v4_ < starts_from) return;
  starts_.assign(std::size_t{1} << start_bits, {});
  for (std::uint32_t i = 0; i < starts_.size(); ++i) {
    Key key;
    key.high = std::uint64_t{i} << 48;
    key.length = start_bits;
    auto& start = starts_[i];
    start.node = roots_[0];
    while (start.node != none && nodes_[start.node].length < start_bits) {
      const auto& node = nodes_[start.node];
      if (key.common(node) != node.length) start.node = none;
      else {
        if (node.item != none) start.item = node.item;
        start.node = node.child[key.bit(node.length)];
      }
    }
  }
}

std::uint32_t NetworkTrie::follow(std::uint32_t at, std::uint32_t best, const Key& key) const noexcept {
  while (at != none) {
    const auto& node = nodes_[at];
    if (key.common(node) != node.length) break;
    if (node.item != none) best = node.item;
    if (node.length >= key.length) break;
    at = node.child[key.bit(node.length)];
  }
  return best;
}

std::uint32_t NetworkTrie::narrowest(const IpAddress& address) const noexcept {
  if (nodes_.empty() || !address) return none;
  if (!address.is_v4()) return follow(roots_[1], none, key_of(address, 128));
  const auto key = key_of(address, 32);
  if (starts_.empty()) return follow(roots_[0], none, key);
  const auto& start = starts_[address.v4_host_order() >> 16];
  return follow(start.node, start.item, key);
}

std::size_t NetworkTrie::memory() const noexcept {
  return nodes_.capacity() * sizeof(Node) + wider_.capacity() * sizeof(std::uint32_t) +
         starts_.capacity() * sizeof(Start);
}

}  // namespace tocsin::rules::indicator
