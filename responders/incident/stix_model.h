#pragma once
// What a STIX bundle is made of, before it is written. Private to this folder.

#include <map>
#include <optional>
#include <set>
#include <utility>

#include "responders/incident/stix.h"

namespace tocsin::responders::stix {

// What several alerts know is marked as the least strict of them allows.
struct Observable {
  std::string type;
  std::string members;  // of its own, as JSON
  rules::Tlp tlp = rules::Tlp::red;
};

struct Observation {
  const IncidentAlert* alert = nullptr;
  std::set<std::string> observables;  // ids
};

struct Indicator {
  std::string name;
  std::optional<rules::Tlp> listed;  // marking of the list that has it
  rules::Tlp tlp = rules::Tlp::red;
};

// Of one indicator, by alerts of one marking.
struct Sighting {
  Time first{};
  Time last{};
  std::uint64_t count = 0;
  std::set<std::string> observations;  // ids of alerts
  std::set<std::string> hosts;
};

struct Model {
  const StixMaterial* material = nullptr;
  std::size_t alerts_left_out = 0;
  std::size_t deeds_left_out = 0;
  std::set<std::string> hosts;
  std::map<std::string, Observable> observables;                        // by id
  std::vector<Observation> observations;                                // by time
  std::map<std::string, Indicator> indicators;                          // by pattern
  std::map<std::pair<std::string, rules::Tlp>, Sighting> sightings;     // by pattern and marking
  std::map<std::string, rules::Tlp> techniques;                         // "T1110.001"
  std::map<std::pair<std::string, std::string>, rules::Tlp> indicates;  // pattern, technique
  std::vector<StixDeed> deeds;                                          // by time
};

Model gather(const StixMaterial& material, std::size_t alerts_most);

}  // namespace tocsin::responders::stix
