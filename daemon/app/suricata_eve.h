#pragma once
// The `outputs` of a suricata.yaml: which EVE records are written and how, and where files are stored.
// https://docs.suricata.io/en/latest/output/eve/eve-json-output.html

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/result.h"
#include "daemon/eve/options.h"

namespace YAML {
class Node;
}

namespace tocsin::daemon {

// yes, true, on, 1, enabled; and their opposites.
std::optional<bool> parse_suricata_switch(std::string_view text);
// "4kb", "10mb": there kb is 1024 bytes.
std::optional<std::uint64_t> parse_suricata_bytes(std::string_view value);
// `outputs` is its node. Keys that mean nothing here go to `unknown`. May throw what yaml-cpp throws.
void read_suricata_outputs(const YAML::Node& outputs, EveOptions& eve, std::vector<std::string>& unknown);
// One option from the command line: outputs.1.eve-log.types.2.anomaly.types.stream, where the numbers are places in the
// lists. What is written by default otherwise stays. False when `key` is about something else.
bool set_suricata_output(std::string_view key, std::string_view value, EveOptions& eve,
                         std::vector<std::string>& unknown);

}  // namespace tocsin::daemon
