#include "daemon/cli/configured.h"

#include <filesystem>

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

Result<std::string> tuning_file(CommandContext& context, std::string otherwise) {
  auto named = context.options.text("tuning");
  if (!named) return otherwise;
  std::error_code error;
  if (!std::filesystem::exists(*named, error))
    return fail(Code::not_found, "--tuning " + *named + " does not exist; `tocsin tuning add --tuning FILE` makes one");
  return std::move(*named);
}

}  // namespace tocsin::daemon
