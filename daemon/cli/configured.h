#pragma once
// The configuration a command works with when it asks no daemon.

#include <string>

#include "collectors/base/result.h"
#include "daemon/cli/command.h"
#include "daemon/config/config.h"

namespace tocsin::daemon {

// --config, which must be there, or where it usually lies; the defaults when there is none.
Result<Config> configured(CommandContext& context);
// --tuning, which must be there, or `otherwise`, which need not.
Result<std::string> tuning_file(CommandContext& context, std::string otherwise);

}  // namespace tocsin::daemon
