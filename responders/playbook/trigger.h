#pragma once
// Which playbooks an incident calls for: a data file (responders/packs/triggers.yaml) read once. Immutable; any thread.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/diagnostic.h"
#include "responders/incident/incident.h"

namespace tocsin::responders {

// rehearse: its forecast goes into the timeline; a person applies it. apply: it is run at once where respond.mode and
// the guard allow it; else rehearsed.
enum class TriggerMode : std::uint8_t { rehearse, apply };

// Every condition that is there must hold; within one list, one hit is enough.
struct Trigger {
  std::string playbook;  // id
  std::string name;
  std::vector<std::string> attack;  // "T1110" fits T1110.001 too
  std::vector<std::string> rules;   // rule ids
  std::vector<std::string> tags;    // ATT&CK tactics: "credential-access"
  std::uint8_t severity = 0;        // of the incident, at least
  TriggerMode mode = TriggerMode::rehearse;
};

// A playbook that an incident calls for.
struct CalledPlaybook {
  std::string playbook;  // id
  std::string trigger;   // its name
  TriggerMode mode = TriggerMode::rehearse;
  const IncidentAlert* alert = nullptr;  // the latest of the incident that fits; null when it has none
};

class Triggers {
 public:
  // Bad entries are reported (P08xx, with line and column) and left out.
  static Triggers load(std::string_view yaml, std::string_view file, Diagnostics& diagnostics);

  // In the order of the file, each playbook once. Valid as long as the incident.
  std::vector<CalledPlaybook> match(const Incident& incident) const;
  const std::vector<Trigger>& all() const noexcept { return triggers_; }

 private:
  std::vector<Trigger> triggers_;
};

}  // namespace tocsin::responders
