#pragma once
// service.stop: systemd stops a unit; after a limited time it is started again, if it ran before. What else may start
// it (a socket, a timer, a person) still may.

#include <array>

#include "responders/action/action.h"
#include "responders/action/environment.h"

namespace tocsin::responders {

inline constexpr std::array<ParameterSpec, 2> service_stop_parameters{{
    {"unit", ParameterType::unit, ParameterSpec::Presence::required, {}, "a service, socket, timer or path unit"},
    {"ttl", ParameterType::duration, ParameterSpec::Presence::optional, "24h", "how long; then it is as before"},
}};
inline constexpr ActionSpec service_stop_spec{"service.stop",          "stop a systemd unit for a limited time",
                                              service_stop_parameters, Capability::service_manager,
                                              Reversibility::undoable, BlastRadius::service};

Forecast describe_service_stop(const Parameters& parameters);
std::unique_ptr<Action> make_service_stop(const ActionEnvironment& environment);

}  // namespace tocsin::responders
