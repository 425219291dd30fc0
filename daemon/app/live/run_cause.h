#pragma once
// Before a run begins, whoever asks for it: what the guard is told of its cause, and whether it may begin at all.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/config/config.h"
#include "daemon/store/records.h"
#include "responders/playbook/run/run.h"

namespace tocsin::daemon {

// The highest level among what the incident touches: its hosts, addresses and users; 0 = none of them is an asset.
std::uint8_t asset_level(const responders::Incident& incident, std::span<const AssetConfig> assets);

// A run of the playbook for the incident on `here`, with all that the incident tells; who asks, why, and what set it
// off is the caller's to say.
responders::RunSpec spec_for(responders::PlanRef plan, const responders::Incident& incident, std::string_view here,
                             std::span<const AssetConfig> assets);

// Nothing is begun when a step would be refused on the way. denied: the guard would; conflict: it would fail.
Result<void> may_begin(const responders::Rehearsal& rehearsal);

// A response that a trigger began.
struct BegunResponse {
  std::string playbook;  // its id
  Time time{};
  std::uint8_t depth = 0;  // in responses to responses
};
// What triggers began for an incident, oldest first, from the records of its runs.
Result<std::vector<BegunResponse>> begun_responses(Records& records, IncidentId incident);

// How deep a response to this alert is. One that came before the alert may be what it is about: whether it is, nobody
// can tell, so it counts.
std::uint8_t depth_after(std::span<const BegunResponse> begun, Time alert) noexcept;

}  // namespace tocsin::daemon
