#pragma once
// network.block_address: drops every packet from and to an address or network, in tables of our own, for a limited
// time that the kernel keeps. nftables(8): table inet tocsin, sets with timeout. Needs CAP_NET_ADMIN.

#include <array>

#include "responders/action/action.h"
#include "responders/action/environment.h"

namespace tocsin::responders {

inline constexpr std::array<ParameterSpec, 2> network_block_address_parameters{{
    {"address", ParameterType::network, ParameterSpec::Presence::required, {}, "IPv4 or IPv6 address or network"},
    {"ttl", ParameterType::duration, ParameterSpec::Presence::optional, "1h", "how long; the kernel ends it by itself"},
}};
inline constexpr ActionSpec network_block_address_spec{
    "network.block_address",          "drop all traffic from and to an address for a limited time",
    network_block_address_parameters, Capability::network_admin,
    Reversibility::expires,           BlastRadius::peer};

Forecast describe_network_block_address(const Parameters& parameters);
std::unique_ptr<Action> make_network_block_address(const ActionEnvironment& environment);

}  // namespace tocsin::responders
