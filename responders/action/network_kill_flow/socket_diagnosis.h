#pragma once
// The kernel's list of TCP connections and the end of one: sock_diag(7) over netlink. One thread.

#include <functional>
#include <vector>

#include "collectors/base/address.h"
#include "collectors/base/result.h"

namespace tocsin::responders {

struct TcpConnection {
  IpAddress local;
  std::uint16_t local_port = 0;
  IpAddress remote;
  std::uint16_t remote_port = 0;
};
// Connections (not listeners, not those in TIME_WAIT) that `wanted` picks, at most `most`.
Result<std::vector<TcpConnection>> list_connections(const std::function<bool(const TcpConnection&)>& wanted,
                                                    std::size_t most);
// Ends those that `wanted` picks; how many. not_found: the kernel was built without the means.
Result<std::size_t> end_connections(const std::function<bool(const TcpConnection&)>& wanted, std::size_t most);

}  // namespace tocsin::responders
