#pragma once
// The configuration a command works with when it asks no daemon.

#include "collectors/base/result.h"
#include "daemon/cli/command.h"
#include "daemon/config/config.h"

namespace tocsin::daemon {

// --config, which must be there, or where it usually lies; the defaults when there is none.
Result<Config> configured(CommandContext& context);

}  // namespace tocsin::daemon
