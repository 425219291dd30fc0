#pragma once
// ticket.open: a ticket in a tracker, through a configured channel (HTTP, JSON). What the tracker calls it is an
// output. Where the channel says how to look for one, none is opened that is there already. Needs no privilege; a
// ticket is closed by people.

#include <array>

#include "responders/action/action.h"
#include "responders/action/environment.h"
#include "responders/action/notify/notify.h"

namespace tocsin::responders {

inline constexpr ActionSpec ticket_open_spec{"ticket.open",
                                             "open a ticket through a configured channel",
                                             notify_parameters,
                                             Capability::none,
                                             Reversibility::irreversible,
                                             BlastRadius::message,
                                             Readback::none};

Forecast describe_ticket_open(const Parameters& parameters);
std::unique_ptr<Action> make_ticket_open(const ActionEnvironment& environment);

}  // namespace tocsin::responders
