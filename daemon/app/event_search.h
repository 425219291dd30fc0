#pragma once
// The method event.search: stored events by words, class, period and --where; listed, followed or counted.

#include <filesystem>

#include "collectors/base/result.h"
#include "collectors/base/time.h"
#include "daemon/control/method.h"

namespace tocsin::daemon {

// Looks at the whole period, newest first, until --limit events were found. Any thread; blocks until it is over.
Result<void> search_stored_events(const std::filesystem::path& store, const Clock& clock, const Call& call,
                                  Reply& reply);

}  // namespace tocsin::daemon
