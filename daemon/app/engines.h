#pragma once
// All engines compiled from one list of paths: what a replay, `rule check` and the daemon (at start and on reload) use.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "collectors/base/address.h"
#include "collectors/base/diagnostic.h"
#include "collectors/base/metrics.h"
#include "daemon/app/desk.h"
#include "daemon/eve/options.h"
#include "rules/detector.h"
#include "rules/indicator/rule_set.h"
#include "rules/sigma/rule_set.h"
#include "rules/signature/parse/syntax.h"
#include "rules/signature/state/dataset.h"

namespace tocsin::daemon {

struct EngineOptions {
  std::vector<std::string> paths;                // rule files and directories of them
  std::vector<std::string> views;                // directories of log-source views
  std::vector<Network> home_networks;            // empty: the built-in default (private ranges)
  std::map<std::string, std::string> variables;  // further signature variables
  rules::signature::Syntax syntax = rules::signature::Syntax::automatic;
  // Files that replace classification.config, reference.config and threshold.config found beside rules; empty: those.
  std::string classification_file;
  std::string reference_file;
  std::string threshold_file;
  // Reputation of addresses; relative names are of `reputation_directory` when that is given.
  std::string reputation_directory;
  std::string reputation_categories;
  std::vector<std::string> reputation_files;
  std::optional<std::size_t> alerts_per_packet_most;
  rules::signature::DatasetSettings datasets;
  std::size_t file_most = std::size_t{64} << 20;                 // of one file YARA looks at
  std::string cache;                                             // directory of compiled patterns; empty: none is kept
  std::map<std::string, std::vector<std::string>> placeholders;  // of Sigma rules
  Duration lateness{};                                           // that Sigma's correlations wait for events
  Metrics* metrics = nullptr;
  std::vector<std::string> indicator_paths;  // lists and directories of them
  rules::indicator::IndicatorOptions indicators;
  std::string tuning;       // file of what analysts changed, beside those found beside rules; empty: only those
  std::optional<Time> now;  // which entries of it are in force; none: rules act as they are written
};

// What Sigma takes of them; without a cache.
rules::sigma::SigmaOptions sigma_options(const EngineOptions& options);

class Engines {
 public:
  // Never fails: what cannot be used is in `diagnostics`, the rest is loaded.
  static Engines load(const EngineOptions& options, Diagnostics& diagnostics);

  std::vector<ActiveRules>& active() noexcept { return active_; }
  const std::vector<ActiveRules>& active() const noexcept { return active_; }
  // The same rules with host-wide state of their own: for an exercise beside the live traffic.
  Engines fresh_copy() const;
  // Live: where alerts of these engines are decided. Made on first use; `out` must be the same each time.
  Desk& desk(rules::AlertSink& out);
  // When the rules must be loaded again by themselves: a tuning entry that was decided at load begins or ends, or a
  // filter of Sigma ends.
  std::optional<Time> next_change(Time now) const;
  // Takes over what another load of the rules had counted so far.
  void inherit(const Engines& old);

  // Null: nothing is tuned.
  const std::shared_ptr<const rules::Tuning>& tuning() const noexcept { return tuning_; }
  // What rules ask of records: as with Suricata, JA3 is worked out when one looks at it.
  void complete(EveOptions& eve) const;
  std::size_t loaded() const noexcept;
  std::size_t files() const noexcept { return files_; }
  std::vector<std::string> remarks() const;

 private:
  std::vector<ActiveRules> active_;
  std::shared_ptr<const rules::Tuning> tuning_;
  std::unique_ptr<Desk> desk_;
  std::size_t files_ = 0;
};

}  // namespace tocsin::daemon
