#pragma once
// Two short questions to nf_tables over netlink, in our table `inet tocsin`: each is one message and one answer however
// many elements there are, where libnftables first reads every set of the table. One thread.
// Format: linux/netfilter/nf_tables.h, linux/netfilter/nfnetlink.h.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "collectors/base/bytes.h"
#include "collectors/base/descriptor.h"
#include "collectors/base/result.h"

namespace tocsin::responders {

struct ElementTimes {
  std::chrono::seconds timeout{};
  std::chrono::seconds expires{};  // what is left
};

class KernelTables {
 public:
  // Of the whole ruleset of this network namespace: one more with each transaction, whosever it is. Time that runs out
  // and packets change nothing of it.
  Result<std::uint32_t> generation();
  // Of a set without intervals; `key` as the kernel has it (an address: its bytes). Nothing: the element, its set or
  // the table is not there.
  Result<std::optional<ElementTimes>> find(std::string_view set, Bytes key);

 private:
  // The payload of the answer behind its nfgenmsg; not_found: ENOENT.
  Result<std::string> ask(std::uint16_t kind, std::uint8_t family, std::string_view attributes);
  Result<void> connect();

  OwnedDescriptor socket_;
  std::uint32_t sequence_ = 0;
};

}  // namespace tocsin::responders
