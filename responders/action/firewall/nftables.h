#pragma once
// libnftables behind a small door: a transaction in, JSON out, in this process (no shell, no exec). One thread.

#include <cstdint>
#include <memory>
#include <string>

#include "collectors/base/result.h"

namespace tocsin::responders {

class Nftables {
 public:
  Nftables();
  ~Nftables();
  Nftables(const Nftables&) = delete;
  Nftables& operator=(const Nftables&) = delete;

  // Atomic. not_found: the table, set or element is not there; denied: CAP_NET_ADMIN is missing.
  // terse: without the elements of sets.
  enum class Listing : std::uint8_t { whole, terse };
  Result<std::string> run(const std::string& commands, Listing listing = Listing::whole);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tocsin::responders
