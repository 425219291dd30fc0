#pragma once
// systemd over D-Bus (org.freedesktop.systemd1(5)): stop, start, mask and unmask a unit, and how it stands. No
// systemctl is run. Answers are waited for at most ten seconds; that a unit is stopped takes as long as it does. One
// thread.
//
// A mask is a link to /dev/null in /etc/systemd/system.control, which comes before every other place of unit files
// (systemd.unit(5)). MaskUnitFiles writes to /etc/systemd/system: it refuses a unit whose file lies there, as those of
// intruders do, and forgets where a linked unit or an alias led to.

#include <memory>
#include <string>
#include <vector>

#include "collectors/base/result.h"

namespace tocsin::responders {

struct UnitState {
  bool loaded = false;  // there is such a unit
  bool active = false;  // it runs, or is about to
  bool stopping = false;
  bool masked = false;  // and systemd has taken that up
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
  // Its names (an alias is a unit, too), and the units that are stopped with it because they need it.
  virtual Result<std::vector<std::string>> stopped_with(const std::string& unit) = 0;
};
// `address`: of the bus, as DBUS_SYSTEM_BUS_ADDRESS has it; empty: the system's own. `root`: before /etc.
std::unique_ptr<ServiceManager> make_service_manager(std::string address, const std::string& root = {});

// The file part of masking, in `directory`; both succeed when it is so already. conflict: there is a file of somebody
// else's.
Result<void> add_mask(const std::string& directory, const std::string& unit);
Result<void> remove_mask(const std::string& directory, const std::string& unit);

}  // namespace tocsin::responders
