#pragma once
// Which packets are recorded after an alert of a rule with `tag`: those of its flow or of one of its hosts, until a
// count of packets, bytes or seconds is reached. Lives on one packet worker; hosts are known to that worker alone.

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "collectors/base/address.h"
#include "collectors/packet/packet.h"
#include "rules/signature/compile/signature.h"

namespace tocsin::daemon {

// Tags that are under way on one flow or host. The packet that alerted counts as the first.
class RunningTags {
 public:
  static constexpr std::size_t tags_most = 16;

  void start(const rules::signature::Tag& tag, const collectors::Packet& cause);
  // Counts the packet; true when it is to be recorded.
  bool take(const collectors::Packet& packet);
  bool empty() const noexcept { return running_.empty(); }

 private:
  struct Running {
    rules::signature::Tag tag;
    std::uint64_t used;
    std::uint64_t cause;  // number of the packet
    Time start;
  };
  std::vector<Running> running_;
};

class HostTags {
 public:
  static constexpr std::size_t hosts_most = 4'096;

  void start(const rules::signature::Tag& tag, const IpAddress& host, const collectors::Packet& cause);
  bool take(const collectors::Packet& packet);

 private:
  bool take(const IpAddress& host, const collectors::Packet& packet);
  std::unordered_map<IpAddress, RunningTags> hosts_;
};

}  // namespace tocsin::daemon
