#pragma once
// Which events a command is about when it asks no daemon: those of files it was given, or of the store over a period.

#include "collectors/base/result.h"
#include "daemon/app/event_feed.h"
#include "daemon/cli/command.h"
#include "daemon/config/config.h"

namespace tocsin::daemon {

// From the options --since, --until and --store, and the option of files; without --since the store's last `otherwise`.
Result<EventFeed> feed_of(CommandContext& context, const Config& config, Duration otherwise,
                          std::string_view files = "file");
// What could not be read.
void tell_feed(CommandContext& context, const FedEvents& fed);

}  // namespace tocsin::daemon
