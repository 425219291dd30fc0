#pragma once
// The signature engine's front door: rule texts in the languages of Suricata and Snort 3 in, a rule set for the packet
// workers out.
// Acts like Suricata 8 in IDS mode. Compiling is slow (Hyperscan) and belongs on a thread of its own.

#include <memory>
#include <span>
#include <string>

#include "rules/detector.h"
#include "rules/signature/compile/address_set.h"
#include "rules/signature/config/data_reader.h"
#include "rules/signature/parse/syntax.h"
#include "rules/signature/prefilter/pattern_database.h"
#include "rules/signature/state/dataset.h"
#include "rules/tuning.h"

namespace tocsin::rules::signature {

struct SignatureOptions {
  // On top of suricata.yaml's defaults: "HOME_NET" → "[10.0.0.0/8]".
  Variables address_variables;
  Variables port_variables;
  // Contents of classification.config, reference.config and threshold.config; empty = built-in or none.
  RuleSource classification;
  RuleSource reference;
  RuleSource threshold;
  DataReader read_data;  // for files that rules name; empty: such rules are refused
  PatternOptions patterns;
  // Reputation of addresses: reputation-categories-file and reputation-files.
  RuleSource reputation_categories;
  std::vector<RuleSource> reputation_files;
  DatasetSettings datasets;
  std::shared_ptr<const Tuning> tuning;  // what analysts changed; null: nothing
  // Of files whose name does not say it.
  Syntax syntax = Syntax::automatic;
  bool prefilter = true;                    // off: every rule is evaluated wherever its header fits (tests)
  std::size_t alerts_per_packet_most = 15;  // Suricata's packet-alert-max
};

// Bad rules are reported and left out. Codes: S01 text, language and header, S02 addresses and ports, S03 keywords, S04
// the set, S05 configuration files.
std::shared_ptr<const RuleSet> compile_signatures(std::span<const RuleSource> sources, const SignatureOptions& options,
                                                  Diagnostics& diagnostics);

}  // namespace tocsin::rules::signature
