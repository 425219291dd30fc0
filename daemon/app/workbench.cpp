#include "daemon/app/workbench.h"

#include "collectors/base/heap.h"
#include "daemon/ruleset/shelf.h"

namespace tocsin::daemon {

namespace {

rules::indicator::IndicatorOptions indicator_options(const IndicatorsConfig& config) {
  rules::indicator::IndicatorOptions out;
  out.allow = config.allow;
  out.window = config.window;
  out.entries_most = config.most;
  out.confidence = static_cast<std::uint8_t>(config.confidence);
  out.reach = config.match;
  return out;
}

}  // namespace

EngineOptions engine_options(const Config& config, const std::vector<std::string>& rules) {
  EngineOptions options;
  options.paths = rules;
  if (rules.empty()) {
    options.paths = config.rules.packs;
    options.paths.insert(options.paths.end(), config.rules.paths.begin(), config.rules.paths.end());
    for (auto& path : SetShelf(config.rules.installed).current_paths()) options.paths.push_back(std::move(path));
    options.tuning = config.rules.tuning;
    options.indicator_paths = config.rules.indicators.paths;
  }
  options.indicators = indicator_options(config.rules.indicators);
  options.views = config.rules.views;
  options.home_networks = config.rules.home_networks;
  options.variables = config.rules.variables;
  options.syntax = config.rules.syntax;
  options.placeholders = config.rules.placeholders;
  options.lateness = config.rules.lateness;
  options.file_most = config.limits.file.bytes;
  options.cache = config.cache;
  return options;
}

Result<std::shared_ptr<const collectors::DecoderSet>> load_decoders(const Config& config, FieldNames& names,
                                                                    Diagnostics& diagnostics) {
  std::vector<collectors::DecoderSource> sources;
  for (const auto& directory : config.rules.decoders) {
    TOCSIN_TRY(auto part, collectors::read_decoder_directory(directory));
    for (auto& source : part) sources.push_back(std::move(source));
  }
  return collectors::compile_decoders(sources, names, diagnostics);
}

Result<std::unique_ptr<Workbench>> open_workbench(const Config& config, const std::vector<std::string>& rules) {
  return open_workbench(config, engine_options(config, rules));
}

Result<std::unique_ptr<Workbench>> open_workbench(const Config& config, const EngineOptions& engines) {
  auto bench = std::make_unique<Workbench>();
  TOCSIN_TRY(bench->decoders, load_decoders(config, bench->names, bench->diagnostics));
  bench->engines = std::make_unique<Engines>(Engines::load(engines, bench->diagnostics));
  return_unused_heap();
  return bench;
}

}  // namespace tocsin::daemon
