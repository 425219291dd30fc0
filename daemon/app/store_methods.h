#pragma once
// Methods of the control socket that only read the store: alert.*, incident.list and show, event.search, report.list,
// evidence.*, audit.*. Each call opens a reader of its own, so any number may run at once and none waits for the
// writer. Row shapes: daemon/control/README.md.

#include <filesystem>

#include "collectors/base/time.h"
#include "daemon/control/method.h"

namespace tocsin::daemon {

// `clock` outlives the table.
void add_store_methods(MethodTable& methods, const std::filesystem::path& store, const Clock& clock);

}  // namespace tocsin::daemon
