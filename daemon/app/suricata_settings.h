#pragma once
// Settings in Suricata's names, from `--set KEY=VALUE` and from a suricata.yaml (`--suricata-yaml`), as a way over for
// its users. What is known changes ours; what is not is listed, never silently taken as done.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "collectors/base/result.h"
#include "collectors/packet/options.h"
#include "daemon/eve/options.h"
#include "rules/signature/state/dataset.h"

namespace tocsin::daemon {

struct SuricataSettings {
  collectors::PacketOptions packets;
  EveOptions eve;
  std::optional<std::size_t> alerts_per_packet_most;  // packet-alert-max
  std::map<std::string, std::string> variables;       // vars.address-groups and vars.port-groups
  std::string threshold_file;
  std::string classification_file;
  std::string reference_file;
  bool midstream_policy_set = false;  // not by the master switch
  std::string reputation_directory;
  std::string reputation_categories;
  std::vector<std::string> reputation_files;
  rules::signature::DatasetSettings datasets;
  std::vector<std::string> unknown;  // keys that mean nothing here, as "stream.inline"
};

// `file` may be empty. invalid: the YAML cannot be read, or a value is not of its kind.
Result<SuricataSettings> read_suricata_settings(const std::string& file, const std::vector<std::string>& settings);

}  // namespace tocsin::daemon
