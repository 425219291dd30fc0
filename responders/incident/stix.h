#pragma once
// An incident for those outside who are to know of it: a STIX 2.1 bundle (OASIS, 10 June 2021) with the incident, what
// was seen (observed-data and its observables), what to look for (indicators with their sightings), techniques, what
// was done (courses of action) and TLP 2.0 markings, each object marked as what it was made from. Pure.
//
// Ids follow from what an object is about: those of observables as section 2.9 of the standard says, all others from
// the incident. Sharing it again is therefore a newer version of the same objects, and nothing stands twice.

#include <span>
#include <string>
#include <vector>

#include "responders/incident/incident.h"

namespace tocsin::responders {

// An effect that a response had.
struct StixDeed {
  Time time{};
  std::string playbook;
  std::string step;
  std::string action;  // "network.block_address"
  std::string text;    // what it did
  friend bool operator==(const StixDeed&, const StixDeed&) = default;
};

struct StixMaterial {
  Incident incident;
  // Those of its alerts that the store still has: which listed value was met, digests of files.
  std::vector<rules::Alert> details;
  std::vector<StixDeed> deeds;
};

// The same material is the same bytes. Of more alerts than `alerts_most` the most severe; more than that many deeds are
// left out too. What is left out is told in the incident's description.
std::string render_stix(const StixMaterial& material, std::size_t alerts_most = 500);

}  // namespace tocsin::responders
