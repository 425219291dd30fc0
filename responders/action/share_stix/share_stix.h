#pragma once
// share.stix: an incident as a STIX 2.1 bundle to a configured channel: a collection (TAXII 2.1), a webhook, or mail.
// The bundle comes with the request; what the channel may not be told is left out here, next to the way out. Needs no
// privilege; cannot be taken back, but sharing it again replaces what was shared (responders/incident/stix.h).

#include <array>

#include "responders/action/action.h"
#include "responders/action/environment.h"

namespace tocsin::responders {

inline constexpr std::array<ParameterSpec, 3> share_stix_parameters{{
    {"channel", ParameterType::text, ParameterSpec::Presence::required, {}, "name of a channel of the configuration"},
    {"incident", ParameterType::text, ParameterSpec::Presence::required, {}, "number of the incident"},
    {"bundle", ParameterType::document, ParameterSpec::Presence::optional, {}, "which bundle; filled in by the guard"},
}};
inline constexpr ActionSpec share_stix_spec{"share.stix",
                                            "share an incident as a STIX 2.1 bundle with a configured channel",
                                            share_stix_parameters,
                                            Capability::none,
                                            Reversibility::irreversible,
                                            BlastRadius::message,
                                            Readback::none};

Forecast describe_share_stix(const Parameters& parameters);
std::unique_ptr<Action> make_share_stix(const ActionEnvironment& environment);

}  // namespace tocsin::responders
