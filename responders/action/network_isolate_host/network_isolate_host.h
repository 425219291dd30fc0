#pragma once
// network.isolate_host: this host talks with its management networks and nobody else. The rules hang on elements with a
// short timeout of the kernel's, which are renewed only after a connection over the management path succeeded: when the
// path is lost, or this process dies, the host is free again by itself. Needs CAP_NET_ADMIN.

#include <array>

#include "responders/action/action.h"
#include "responders/action/environment.h"

namespace tocsin::responders {

inline constexpr std::array<ParameterSpec, 1> network_isolate_host_parameters{{
    {"ttl", ParameterType::duration, ParameterSpec::Presence::optional, "4h", "how long at most"},
}};
inline constexpr ActionSpec network_isolate_host_spec{
    "network.isolate_host",          "cut this host off from everyone but its management networks",
    network_isolate_host_parameters, Capability::network_admin,
    Reversibility::expires,          BlastRadius::host};

Forecast describe_network_isolate_host(const Parameters& parameters);
std::unique_ptr<Action> make_network_isolate_host(const ActionEnvironment& environment);

}  // namespace tocsin::responders
