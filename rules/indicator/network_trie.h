#pragma once
// Networks of both families in one trie with compressed paths, in one array. Finding the narrowest network around an
// address follows at most one path; where there are many IPv4 networks a table of 65,536 places begins it 16 bits down.
// Filled by one thread, then read by all.

#include <cstdint>
#include <vector>

#include "collectors/base/address.h"

namespace tocsin::rules::indicator {

class NetworkTrie {
 public:
  static constexpr std::uint32_t none = 0xFFFFFFFF;

  // `item` must not be `none`; a network that is there takes the new item.
  void add(const Network& network, std::uint32_t item);
  // Once, after the last add.
  void finish();

  // The item of the narrowest network around the address, and then of the next wider one; `none`: no more.
  std::uint32_t narrowest(const IpAddress& address) const noexcept;
  std::uint32_t wider(std::uint32_t item) const noexcept { return item < wider_.size() ? wider_[item] : none; }
  std::size_t memory() const noexcept;

 private:
  // The first `length` bits of the key; children by the bit after them.
  struct Node {
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    std::uint32_t item = none;
    std::uint32_t child[2] = {none, none};
    std::uint8_t length = 0;
  };
  struct Start {
    std::uint32_t node = none;
    std::uint32_t item = none;  // of the narrowest network passed on the way
  };
  struct Key {
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    std::uint8_t length = 0;

    bool bit(std::uint8_t at) const noexcept {
      return at < 64 ? ((high >> (63 - at)) & 1) != 0 : ((low >> (127 - at)) & 1) != 0;
    }
    std::uint8_t common(const Node& node) const noexcept;  // leading bits that agree, at most the shorter length
  };
  static Key key_of(const IpAddress& address, std::uint8_t length) noexcept;
  std::uint32_t make(const Key& key, std::uint8_t length, std::uint32_t item);
  std::uint32_t follow(std::uint32_t node, std::uint32_t best, const Key& key) const noexcept;

  std::vector<Node> nodes_;
  std::vector<std::uint32_t> wider_;  // by item
  std::vector<Start> starts_;         // by the first 16 bits of an IPv4 address
  std::uint32_t roots_[2] = {none, none};
  std::size_t count_v4_ = 0;
  std::uint32_t item_most_ = 0;
};

}  // namespace tocsin::rules::indicator
