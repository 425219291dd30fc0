#pragma once
// What packet workers took for the vault: packets of a flow around its alerts, or a file that a flow carried.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/time.h"
#include "collectors/packet/flow.h"
#include "rules/alert.h"

namespace tocsin::daemon {

enum class TakenKind : std::uint8_t { packets, file };

struct TakenEvidence {
  TakenKind kind = TakenKind::packets;
  std::vector<rules::AlertId> alerts;  // in the order they were raised, bounded by who takes it
  std::string name;                    // "tcp 10.0.0.5:40112 - 192.0.2.7:80", of a file its own before it
  std::string comment;                 // of packets: community id, flow id, rules
  Time first{};                        // of its packets
  Time last_alert{};
  std::uint64_t packets = 0;
  bool asked = false;               // by a rule, whether or not an incident comes of it
  std::vector<std::uint8_t> bytes;  // a section of pcapng, or what the file has
};

// "tcp 10.0.0.5:40112 - 192.0.2.7:80"
std::string evidence_name(const collectors::Flow& flow);

}  // namespace tocsin::daemon
