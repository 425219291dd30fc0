#pragma once
// systemd over D-Bus (org.freedesktop.systemd1(5)): stop, start, mask and unmask a unit, and how it stands. No
// systemctl is run. Answers are waited for at most ten seconds. One thread.

#include <memory>
#include <string>

#include "collectors/base/result.h"

namespace tocsin::responders {

struct UnitState {
  bool loaded = false;  // there is such a unit
  bool active = false;  // it runs, or is about to
  bool masked = false;
};

class ServiceManager {
 public:
  virtual ~ServiceManager() = default;
  // unreachable: no systemd answers here; denied: it does not let us.
  virtual Result<UnitState> state(const std::string& unit) = 0;
  virtual Result<void> stop(const std::string& unit) = 0;
  virtual Result<void> start(const std::string& unit) = 0;
  virtual Result<void> mask(const std::string& unit) = 0;
  virtual Result<void> unmask(const std::string& unit) = 0;
};
// `address`: of the bus, as DBUS_SYSTEM_BUS_ADDRESS has it; empty: the system's own.
std::unique_ptr<ServiceManager> make_service_manager(std::string address);

}  // namespace tocsin::responders
