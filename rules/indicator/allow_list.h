#pragma once
// What is never an indicator's business: our own addresses and domains, private and reserved networks, and names
// everybody lives below. Asked at load about each entry and at each hit about the value that was seen. Immutable.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/address.h"
#include "collectors/base/result.h"
#include "rules/indicator/indicator.h"

namespace tocsin::rules::indicator {

// How wide an indicator is.
enum class Breadth : std::uint8_t { fit, wide, too_wide };
struct Broadness {
  Breadth breadth = Breadth::fit;
  std::string reason;  // of what is not fit
};

class AllowList {
 public:
  // With reserved networks: private, loopback, link-local, multicast (RFC 1918, 6890), but those for documentation.
  AllowList();

  // An address, a network, or a domain with all below it. Fails on anything else.
  Result<void> add(std::string_view text);
  void add(const Network& network) { networks_.push_back(network); }

  bool allows(const IpAddress& address) const noexcept;
  bool allows(std::string_view canonical_domain) const noexcept;
  // An address, a name, a URL by its host; anything else is not.
  bool allows_text(std::string_view seen) const;
  // What an entry of a list is about: wholly inside what is allowed.
  bool covers(const ListedValue& value) const;

 private:
  std::vector<Network> networks_;
  std::vector<std::string> domains_;
};

// Judges networks by their prefix and domains by the Public Suffix List (https://publicsuffix.org/).
Broadness judge_broadness(const ListedValue& value);

}  // namespace tocsin::rules::indicator
