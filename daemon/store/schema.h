#pragma once
// The tables of the store and the way to them from older ones: `user_version` counts the steps taken. Only ever append
// a step; never edit one that shipped.

#include "collectors/base/result.h"
#include "daemon/store/database.h"

namespace tocsin::daemon {

// What this build reads and writes.
int schema_version() noexcept;
// Brings a new or older store up to date, one transaction per step. A newer or a foreign file is refused (conflict,
// invalid) and left as it is.
Result<void> migrate(Database& database);
// For readers: conflict when the file is newer or older than this build.
Result<void> check_schema(Database& database);

}  // namespace tocsin::daemon
