#pragma once
// Sets of addresses and ports as rules write them: groups, negation, ranges, nesting, variables. Compiled to sorted,
// disjoint ranges; a look-up is a binary search. Suricata documentation, "Rules Format".

#include <array>
#include <cstdint>
#include <expected>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/address.h"
#include "rules/signature/parse/rule_ast.h"

namespace tocsin::rules::signature {

using Variables = std::map<std::string, std::string, std::less<>>;

// suricata.yaml's defaults: HOME_NET, EXTERNAL_NET, HTTP_PORTS and the rest.
const Variables& default_address_variables();
const Variables& default_port_variables();

using V6 = std::array<std::uint8_t, 16>;

template <class Key>
struct Range {
  Key low;
  Key high;
  friend auto operator<=>(const Range&, const Range&) = default;
};

class AddressSet {
 public:
  bool contains(const IpAddress& address) const noexcept;
  bool any() const noexcept { return any_; }
  bool negated() const noexcept { return negated_; }
  const std::vector<Range<std::uint32_t>>& v4() const noexcept { return v4_; }
  const std::vector<Range<V6>>& v6() const noexcept { return v6_; }
  std::size_t size() const noexcept { return v4_.size() + v6_.size(); }
  // Addresses in the set, v4 only, to tell lists from networks.
  std::uint64_t v4_count() const noexcept;

 private:
  friend class AddressParser;
  bool any_ = false;
  bool negated_ = false;  // a '!' was written somewhere
  std::vector<Range<std::uint32_t>> v4_;
  std::vector<Range<V6>> v6_;
};

class PortSet {
 public:
  bool contains(std::uint16_t port) const noexcept;
  bool any() const noexcept { return any_; }
  const std::vector<Range<std::uint32_t>>& ranges() const noexcept { return ranges_; }

 private:
  friend class PortParser;
  bool any_ = false;
  std::vector<Range<std::uint32_t>> ranges_;
};

std::expected<AddressSet, Mistake> parse_addresses(std::string_view text, const Variables& variables);
std::expected<PortSet, Mistake> parse_ports(std::string_view text, const Variables& variables);

}  // namespace tocsin::rules::signature
