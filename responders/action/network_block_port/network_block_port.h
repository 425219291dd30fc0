#pragma once
// network.block_port: drops what arrives at a port of this host, from everyone, for a limited time that the kernel
// keeps. nftables(8): set blocked_ports. Needs CAP_NET_ADMIN.

#include <array>

#include "responders/action/action.h"
#include "responders/action/environment.h"

namespace tocsin::responders {

inline constexpr std::array<std::string_view, 2> port_protocols{"tcp", "udp"};
inline constexpr std::array<ParameterSpec, 3> network_block_port_parameters{{
    {"port", ParameterType::port, ParameterSpec::Presence::required, {}, "a port of this host"},
    {"protocol", ParameterType::choice, ParameterSpec::Presence::optional, "tcp", "of the port", port_protocols},
    {"ttl", ParameterType::duration, ParameterSpec::Presence::optional, "1h", "how long; the kernel ends it by itself"},
}};
inline constexpr ActionSpec network_block_port_spec{
    "network.block_port",          "drop what arrives at a port of this host for a limited time",
    network_block_port_parameters, Capability::network_admin,
    Reversibility::expires,        BlastRadius::service};

Forecast describe_network_block_port(const Parameters& parameters);
std::unique_ptr<Action> make_network_block_port(const ActionEnvironment& environment);

}  // namespace tocsin::responders
