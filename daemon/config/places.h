#pragma once
// Where things live: installed under /usr, run from a build tree, or as an ordinary user. One rule for all:
// data is `share/tocsin` beside the `bin` of the program, which holds for /usr/bin and for <build>/bin alike.

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "collectors/base/result.h"
#include "daemon/config/config.h"

namespace tocsin::daemon {

struct Places {
  std::string data;   // rules, decoders, views, playbooks: TOCSIN_DATA, or <prefix>/share/tocsin
  std::string state;  // TOCSIN_STATE, STATE_DIRECTORY, /var/lib/tocsin (root) or ~/.local/state/tocsin
  std::string
      runtime;  // TOCSIN_RUNTIME, RUNTIME_DIRECTORY, /run/tocsin (root, or it exists) or $XDG_RUNTIME_DIR/tocsin
  std::string
      cache;  // `cache` in TOCSIN_STATE or STATE_DIRECTORY, else $XDG_CACHE_HOME/tocsin, ~/.cache/tocsin or none
  std::string config;  // TOCSIN_CONFIG, /etc/tocsin/tocsin.yaml, or <data>/tocsin.yaml
};

using Environment = std::function<std::optional<std::string>(std::string_view name)>;
Environment process_environment();

struct PlacesInput {
  std::string program;  // absolute path of the running program, e.g. from /proc/self/exe
  unsigned user = 0;
  std::function<bool(const std::string&)> exists;
};
Places find_places(const PlacesInput& input, const Environment& environment);
// Of the calling process.
Places find_places();

// Makes every path of `config` absolute; file system untouched.
void resolve_paths(Config& config, const Places& places);

// Reads, parses and resolves. A missing file gives not_found with the next step.
Result<Config> read_config(const std::string& path, const Places& places, Diagnostics& diagnostics);

}  // namespace tocsin::daemon
