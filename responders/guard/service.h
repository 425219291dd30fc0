#pragma once
// The two sides of systemd that the responder needs, without its library in a privileged process: readiness and
// watchdog messages (sd_notify(3)) and a socket it was given (sd_listen_fds(3)).

#include <optional>
#include <string>
#include <string_view>

#include "collectors/base/result.h"
#include "collectors/base/time.h"

namespace tocsin::responders {

// "READY=1", "WATCHDOG=1", "STOPPING=1", "STATUS=…". Does nothing when nobody listens.
void tell_service_manager(std::string_view message);
// How often WATCHDOG=1 is due; nothing when it is not asked for.
std::optional<Duration> watchdog_interval();

// The descriptor systemd opened for us, or one bound to `path` now: mode 0660 and the group of the folder it is in, so
// that who may talk to the responder is who may enter there.
Result<int> listen_on(const std::string& path);

}  // namespace tocsin::responders
