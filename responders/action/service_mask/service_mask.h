#pragma once
// service.mask: systemd stops a unit and lets nothing start it (systemctl mask) for a limited time.

#include <array>

#include "responders/action/action.h"
#include "responders/action/environment.h"

namespace tocsin::responders {

inline constexpr std::array<ParameterSpec, 2> service_mask_parameters{{
    {"unit", ParameterType::unit, ParameterSpec::Presence::required, {}, "a service, socket, timer or path unit"},
    {"ttl", ParameterType::duration, ParameterSpec::Presence::optional, "24h", "how long; then it is as before"},
}};
inline constexpr ActionSpec service_mask_spec{
    "service.mask",          "stop a systemd unit and keep it from being started, for a limited time",
    service_mask_parameters, Capability::service_manager,
    Reversibility::undoable, BlastRadius::service};

Forecast describe_service_mask(const Parameters& parameters);
std::unique_ptr<Action> make_service_mask(const ActionEnvironment& environment);

}  // namespace tocsin::responders
