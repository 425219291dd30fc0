#pragma once
// The way from the command line to tocsin-responder, past tocsind.

#include "daemon/cli/command.h"
#include "responders/guard/client.h"

namespace tocsin::daemon {

// The responder's socket as the configuration names it.
std::string responder_path(const CommandContext& context);
responders::ResponderClient responder(const CommandContext& context);

}  // namespace tocsin::daemon
