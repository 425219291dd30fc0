#pragma once
// What offline commands need of the pipeline: field names, decoders and engines, loaded from the configuration or from
// paths given instead. The daemon loads the same way at start and on reload.

#include <memory>
#include <string>
#include <vector>

#include "collectors/base/diagnostic.h"
#include "collectors/base/result.h"
#include "collectors/log/decoder/decoder_set.h"
#include "daemon/app/engines.h"
#include "daemon/config/config.h"

namespace tocsin::daemon {

struct Workbench {
  FieldNames names;
  std::shared_ptr<const collectors::DecoderSet> decoders;
  std::unique_ptr<Engines> engines;
  Diagnostics diagnostics;  // of decoders and rules
};

// `rules` replaces the configured packs when not empty. Fails only when decoders or views cannot be read at all.
Result<std::unique_ptr<Workbench>> open_workbench(const Config& config, const std::vector<std::string>& rules);
Result<std::unique_ptr<Workbench>> open_workbench(const Config& config, const EngineOptions& engines);

// With paths of its own the configured tuning is left out as well: what is asked is asked about them alone.
EngineOptions engine_options(const Config& config, const std::vector<std::string>& rules);
Result<std::shared_ptr<const collectors::DecoderSet>> load_decoders(const Config& config, FieldNames& names,
                                                                    Diagnostics& diagnostics);

}  // namespace tocsin::daemon
