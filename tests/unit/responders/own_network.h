#pragma once
// A network namespace of the test's own, with its loopback up. One process, one thread.

#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "collectors/base/descriptor.h"
#include "responders/action/firewall/nftables.h"

namespace tocsin::responders {

class OwnNetwork {
 public:
  // Why tests must be skipped here; empty: this process is in it now.
  static std::string_view enter() {
    if (::unshare(CLONE_NEWNET) != 0) return "needs CAP_SYS_ADMIN for a network namespace";
    if (!Nftables().run("add table inet probe\n")) return "nftables does not work here";
    ifreq request = loopback("lo");
    request.ifr_flags = IFF_UP | IFF_LOOPBACK | IFF_RUNNING;
    return change(SIOCSIFFLAGS, request) ? "" : "the loopback does not come up";
  }
  // Of a small host: names of protocols and services are not known, in a mount namespace of this process's own.
  static bool forget_names() {
    if (::unshare(CLONE_NEWNS) != 0 || ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return false;
    return std::ranges::all_of(std::array{"/etc/protocols", "/etc/services"}, [](const char* file) {
      return ::access(file, F_OK) != 0 || ::mount("/dev/null", file, nullptr, MS_BIND, nullptr) == 0;
    });
  }
  // Another address of this host, by a second name of the loopback.
  static bool add_address(in_addr address) {
    ifreq request = loopback("lo:1");
    auto* const own = reinterpret_cast<sockaddr_in*>(&request.ifr_addr);
    own->sin_family = AF_INET;
    own->sin_addr = address;
    return change(SIOCSIFADDR, request);
  }

 private:
  static ifreq loopback(std::string_view name) {
    ifreq request{};
    std::ranges::copy(name, request.ifr_name);
    return request;
  }
  static bool change(unsigned long what, ifreq& request) {
    const OwnedDescriptor socket(::socket(AF_INET, SOCK_DGRAM, 0));
    return ::ioctl(socket.get(), what, &request) == 0;
  }
};

}  // namespace tocsin::responders
