#include "daemon/app/live/interfaces.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>

#include "collectors/base/address.h"

namespace tocsin::daemon {

std::set<std::string> own_addresses() {
  std::set<std::string> out;
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return out;
  for (const auto* at = list; at != nullptr; at = at->ifa_next) {
    if (at->ifa_addr == nullptr) continue;
    if (at->ifa_addr->sa_family == AF_INET) {
      const auto* v4 = reinterpret_cast<const sockaddr_in*>(at->ifa_addr);
      out.insert(render_address(IpAddress::v4(Bytes(reinterpret_cast<const std::uint8_t*>(&v4->sin_addr), 4))));
    } else if (at->ifa_addr->sa_family == AF_INET6) {
      const auto* v6 = reinterpret_cast<const sockaddr_in6*>(at->ifa_addr);
      out.insert(render_address(IpAddress::v6(Bytes(reinterpret_cast<const std::uint8_t*>(&v6->sin6_addr), 16))));
    }
  }
  ::freeifaddrs(list);
  return out;
}

std::size_t longest_frame(const std::string& interface) {
  constexpr std::size_t around = 14 + 2 * 4;
  ifreq request{};
  if (interface.size() >= sizeof request.ifr_name) return 0;
  std::memcpy(request.ifr_name, interface.data(), interface.size());
  const int probe = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (probe < 0) return 0;
  const bool known = ::ioctl(probe, SIOCGIFMTU, &request) == 0 && request.ifr_mtu > 0;
  ::close(probe);
  return known ? static_cast<std::size_t>(request.ifr_mtu) + around : 0;
}

}  // namespace tocsin::daemon
