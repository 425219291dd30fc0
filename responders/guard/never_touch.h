#pragma once
// Whom a response must never hit: this host itself, its way out, its resolvers, and the people working on it. Computed
// from the kernel each time it is asked (at plan and again at apply), because addresses and sessions change.

#include <string>
#include <vector>

#include "collectors/base/address.h"
#include "collectors/base/result.h"
#include "responders/action/action.h"
#include "responders/guard/policy.h"

namespace tocsin::responders {

struct ProtectedNetwork {
  Network network;
  std::string reason;  // "own address on eth0", "default gateway", "resolver", "operator connected to port 22"
};

// Where the facts come from; tests give their own.
class HostFacts {
 public:
  virtual ~HostFacts() = default;
  // Fails when a source that must be there cannot be read: not knowing is refusing.
  virtual Result<std::vector<ProtectedNetwork>> protected_networks(const Policy& policy) = 0;
  // The address the peer process is logged in from (SSH_CONNECTION in its environment or a parent's); may be none.
  virtual std::vector<IpAddress> login_addresses(int pid) = 0;
  // Reasons why what the parameters name beside addresses and paths must not be touched; none = nothing speaks
  // against it. `asker`: the peer's pid.
  virtual std::vector<std::string> protected_targets(const Policy&, const ActionSpec&, const Parameters&, int) {
    return {};
  }
};

class SystemFacts final : public HostFacts {
 public:
  Result<std::vector<ProtectedNetwork>> protected_networks(const Policy& policy) override;
  std::vector<IpAddress> login_addresses(int pid) override;
  std::vector<std::string> protected_targets(const Policy& policy, const ActionSpec& spec, const Parameters& parameters,
                                             int asker) override;
};

// The readers of /proc and resolv.conf, by their text. Lines that are not understood are passed over.
std::vector<IpAddress> parse_gateways_v4(std::string_view route);      // /proc/net/route
std::vector<IpAddress> parse_gateways_v6(std::string_view route);      // /proc/net/ipv6_route
std::vector<IpAddress> parse_resolvers(std::string_view resolv_conf);  // resolv.conf(5)
// The remote ends of connected UDP sockets at this port: time and lease servers. /proc/net/udp{,6}
std::vector<IpAddress> parse_servers(std::string_view udp, std::uint16_t port);
// The server that gave a lease: /run/systemd/netif/leases, dhclient's and NetworkManager's files.
std::vector<IpAddress> parse_lease(std::string_view lease);
std::vector<IpAddress> parse_peers(std::string_view tcp, const std::vector<std::uint16_t>& ports);  // /proc/net/tcp{,6}

}  // namespace tocsin::responders
