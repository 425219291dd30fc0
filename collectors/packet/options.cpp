#include "collectors/packet/options.h"

namespace tocsin::collectors {

OverlapPolicy policy_for(const std::vector<HostPolicy>& policies, const IpAddress& host) noexcept {
  const HostPolicy* best = nullptr;
  for (const auto& row : policies) {
    if (!row.network.contains(host)) continue;
    if (best == nullptr || row.network.prefix > best->network.prefix) best = &row;
  }
  return best == nullptr ? OverlapPolicy::bsd : best->policy;
}

}  // namespace tocsin::collectors
