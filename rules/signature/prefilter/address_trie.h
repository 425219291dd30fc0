#pragma once
// From an address to the rules whose list holds it: one walk of at most 32 (128) steps, however long the lists are.
// Built once, immutable, shared.

#include <array>
#include <cstdint>
#include <vector>

#include "collectors/base/address.h"
#include "rules/signature/compile/address_set.h"

namespace tocsin::rules::signature {

class AddressTrie {
 public:
  AddressTrie();
  void insert(const AddressSet& set, std::uint32_t rule);
  // Appends the rules whose set contains the address; a rule may appear twice.
  void find(const IpAddress& address, std::vector<std::uint32_t>& rules) const;
  bool empty() const noexcept { return nodes_.size() <= 2; }

 private:
  struct Node {
    std::array<std::uint32_t, 2> child{};  // 0 = none
    std::uint32_t list = 0;                // 0 = none, else index + 1 in lists_
  };
  void insert_range(std::size_t root, V6 low, const V6& high, int bits, std::uint32_t rule);
  void insert_prefix(std::size_t root, const V6& base, int length, std::uint32_t rule);

  std::vector<Node> nodes_;  // 0: root of IPv4, 1: root of IPv6
  std::vector<std::vector<std::uint32_t>> lists_;
};

}  // namespace tocsin::rules::signature
