#pragma once
// The row of `incident.show` (shape in daemon/control/README.md): an incident with the reasons of its alerts and what
// was rehearsed or done about it.

#include <functional>
#include <string>
#include <vector>

#include "responders/incident/incident.h"

namespace tocsin::daemon {

// The stored JSON of an alert; empty when it is not kept.
using AlertLookup = std::function<std::string(const rules::AlertId&)>;

std::string render_incident_row(const responders::Incident& incident, const AlertLookup& alerts,
                                const std::vector<std::string>& playbooks);

}  // namespace tocsin::daemon
