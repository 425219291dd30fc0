#pragma once
// `tocsin replay` without a daemon: rules, recordings and incidents put together for one run.

#include <functional>
#include <string>
#include <vector>

#include "collectors/base/diagnostic.h"
#include "collectors/base/result.h"
#include "daemon/app/recording.h"
#include "daemon/app/replay.h"
#include "daemon/config/config.h"
#include "rules/alert.h"

namespace tocsin::daemon {

struct OfflineReplayOptions {
  Config config;
  std::vector<std::string> inputs;
  std::vector<std::string> rules;       // replaces the configured packs when not empty
  std::vector<std::string> indicators;  // lists; replace the configured ones when not empty
  std::vector<std::string> settings;    // KEY=VALUE in Suricata's names
  std::string suricata_yaml;
  std::string filter;  // BPF
  std::string eve;     // file for EVE records
  std::string store;   // directory
  std::string tuning;  // file, in place of the configured one
  Time now{};          // which entries of it are in force
  std::string costs;   // file for what each rule cost, a JSON object a line
  RecordingDefaults defaults;
  bool ignore_checksums = false;
  std::size_t workers = 1;

  std::function<void(const Diagnostics&)> loaded;     // once, after rules were compiled
  std::function<void(const rules::Alert&)> alert;     // in order
  std::function<void(std::uint64_t bytes)> progress;  // between rounds
};

struct ReplayedIncident {
  std::string json;  // responders::render_json
  std::string view;  // row of incident.show
};
struct OfflineReplayed {
  ReplaySummary summary;
  std::uint64_t alerts = 0;
  std::string store_trouble;  // not empty: the store took no more; alerts were shown, not all of them kept
  std::vector<ReplayedIncident> incidents;  // in the order they were opened, those merged away left out
};

Result<OfflineReplayed> replay_recording(OfflineReplayOptions options);

}  // namespace tocsin::daemon
