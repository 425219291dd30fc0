#pragma once
// network.limit_rate: lets an address, or each address of a network, send so many packets a second and no more, for a
// limited time that the kernel keeps. nftables(8): sets limited{4,6}_RATE. Needs CAP_NET_ADMIN.

#include <array>

#include "responders/action/action.h"
#include "responders/action/environment.h"
#include "responders/action/firewall/ruleset.h"

namespace tocsin::responders {

inline constexpr std::array<ParameterSpec, 3> network_limit_rate_parameters{{
    {"address", ParameterType::network, ParameterSpec::Presence::required, {}, "IPv4 or IPv6 address or network"},
    {"rate", ParameterType::choice, ParameterSpec::Presence::optional, "100", "packets a second", limit_rates},
    {"ttl", ParameterType::duration, ParameterSpec::Presence::optional, "1h", "how long; the kernel ends it by itself"},
}};
inline constexpr ActionSpec network_limit_rate_spec{
    "network.limit_rate",          "drop what an address sends above a rate, for a limited time",
    network_limit_rate_parameters, Capability::network_admin,
    Reversibility::expires,        BlastRadius::peer};

Forecast describe_network_limit_rate(const Parameters& parameters);
std::unique_ptr<Action> make_network_limit_rate(const ActionEnvironment& environment);

}  // namespace tocsin::responders
