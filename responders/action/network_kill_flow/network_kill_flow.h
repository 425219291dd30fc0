#pragma once
// network.kill_flow: ends the TCP connections of this host with an address, at once (both sides see a reset). What is
// new afterwards is another matter: block the address too. Needs CAP_NET_ADMIN and a kernel with INET_DIAG_DESTROY.

#include <array>

#include "responders/action/action.h"
#include "responders/action/environment.h"

namespace tocsin::responders {

inline constexpr std::array<ParameterSpec, 3> network_kill_flow_parameters{{
    {"address", ParameterType::network, ParameterSpec::Presence::required, {}, "the other end: address or network"},
    {"port", ParameterType::port, ParameterSpec::Presence::optional, {}, "of the other end; all of them without"},
    {"local_port", ParameterType::port, ParameterSpec::Presence::optional, {}, "of this host; all of them without"},
}};
inline constexpr ActionSpec network_kill_flow_spec{
    "network.kill_flow",          "end the TCP connections of this host with an address",
    network_kill_flow_parameters, Capability::network_admin,
    Reversibility::irreversible,  BlastRadius::peer};

Forecast describe_network_kill_flow(const Parameters& parameters);
std::unique_ptr<Action> make_network_kill_flow(const ActionEnvironment& environment);

}  // namespace tocsin::responders
