#pragma once
// Which playbooks an incident calls for: a data file (responders/packs/triggers.yaml) read once. Immutable; any thread.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/diagnostic.h"
#include "responders/incident/incident.h"

namespace tocsin::responders {

// Every condition that is there must hold; within one list, one hit is enough.
struct Trigger {
  std::string playbook;  // id
  std::string name;
  std::vector<std::string> attack;  // "T1110" fits T1110.001 too
  std::vector<std::string> rules;   // rule ids
  std::vector<std::string> tags;    // ATT&CK tactics: "credential-access"
  std::uint8_t severity = 0;        // of the incident, at least
};

class Triggers {
 public:
  // Bad entries are reported (P08xx, with line and column) and left out.
  static Triggers load(std::string_view yaml, std::string_view file, Diagnostics& diagnostics);

  // Playbook ids in the order of the file, each once.
  std::vector<std::string> match(const Incident& incident) const;
  const std::vector<Trigger>& all() const noexcept { return triggers_; }

 private:
  std::vector<Trigger> triggers_;
};

}  // namespace tocsin::responders
