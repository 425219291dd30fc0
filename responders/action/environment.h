#pragma once
// What actions need of the world, given once by whoever owns them. Outlives them.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "collectors/base/address.h"
#include "collectors/base/id.h"
#include "collectors/base/time.h"
#include "responders/action/notify/channel.h"

namespace tocsin::responders {

struct Endpoint {
  IpAddress address;
  std::uint16_t port = 0;
  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

// How a host that is isolated stays within reach of those who answer for it.
struct IsolationSettings {
  std::vector<Network> management;  // may still talk with this host
  // TCP endpoints among them; one must take a connection before each renewal of the lease.
  std::vector<Endpoint> proof;
  Duration lease = std::chrono::seconds(30);  // isolation ends so long after the last proof, by the kernel
};

struct ActionEnvironment {
  const Clock& clock;
  Random& random;
  std::string quarantine_directory;  // absolute; made with mode 0700 when missing
  NotifyChannels channels;
  IsolationSettings isolation{};
  std::string evidence_directory{};   // absolute; made with mode 0700 when missing
  std::string before_directory{};     // what was there before, until it is put back; as the others
  std::string documents_directory{};  // what is passed on; as the others
  std::string bus_address{};          // of systemd's bus; empty: the system's
  std::string root{};                 // before /etc and homes; empty but in tests
};

}  // namespace tocsin::responders
