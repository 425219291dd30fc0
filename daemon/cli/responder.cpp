#include "daemon/cli/responder.h"

#include "daemon/config/config.h"

namespace tocsin::daemon {

std::string responder_path(const CommandContext& context) {
  Diagnostics ignored;  // a broken configuration must not stop people from undoing
  if (const auto config = read_config(context.places.config, context.places, ignored)) return config->respond.socket;
  return context.places.runtime + "/responder.sock";
}

responders::ResponderClient responder(const CommandContext& context) {
  return responders::ResponderClient(responder_path(context));
}

}  // namespace tocsin::daemon
