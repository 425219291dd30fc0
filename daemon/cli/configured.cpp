#include "daemon/cli/configured.h"

#include "daemon/config/places.h"

namespace tocsin::daemon {

Result<Config> configured(CommandContext& context) {
  Diagnostics diagnostics;
  auto config = read_config(context.options.text_or("config", context.places.config), context.places, diagnostics);
  if (config) return config;
  if (config.error().code != Code::not_found || context.options.text("config")) return config;
  Config defaults;
  resolve_paths(defaults, context.places);
  return defaults;
}

}  // namespace tocsin::daemon
