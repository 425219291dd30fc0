#pragma once
// Our own table in the kernel's packet filter, as the network actions use it: elements of sets, each with a timeout
// that the kernel keeps. Everything that drops packets hangs on such an element, so all of it ends without us. One
// thread.

#include <optional>
#include <span>
#include <string>

#include "responders/action/firewall/kernel_tables.h"
#include "responders/action/firewall/nftables.h"
#include "responders/action/firewall/ruleset.h"

namespace tocsin::responders {

class Firewall {
 public:
  // Whether table, chains and rules are as they must be; somebody who flushed the ruleset is noticed here. Looked
  // through only when somebody else changed something since. Committing rules makes the kernel wait for every packet in
  // flight, so `ensure` makes them right only when they are not.
  Result<bool> ready();
  Result<void> ensure();

  // The element with the time it has left. One among many thousands that is not there is answered at once.
  Result<std::optional<BlockedElement>> find(const SetElement& element);
  // All of them or none, each with a fresh time.
  Result<void> put(std::span<const SetElement> elements, std::chrono::seconds timeout, std::string_view key);
  // false: not there any more.
  Result<bool> remove(const SetElement& element);

 private:
  Result<std::string> commit(const std::string& transaction);

  Nftables nftables_;
  KernelTables tables_;
  std::optional<std::uint32_t> ready_at_;  // the ruleset's generation at which all was as it must be
};

// A timeout the kernel takes: whole seconds, at least one.
std::chrono::seconds whole_seconds(Duration duration);
// "203.0.113.5" or "203.0.113.0/24".
std::string shown(const Network& network);

}  // namespace tocsin::responders
