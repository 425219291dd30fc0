#pragma once
// network.sinkhole: what this host asks DNS for a name and all below it is led to a local responder (tocsin-sinkhole)
// that refuses it, whichever server was asked; over TCP it is dropped. For a limited time that the kernel keeps. Names
// asked for inside TLS (DoT, DoH) are not seen. nftables(8): table tocsin_names. Needs CAP_NET_ADMIN.

#include <array>

#include "responders/action/action.h"
#include "responders/action/environment.h"

namespace tocsin::responders {

inline constexpr std::array<ParameterSpec, 2> network_sinkhole_parameters{{
    {"domain", ParameterType::domain, ParameterSpec::Presence::required, {}, "the name; all below it is meant too"},
    {"ttl", ParameterType::duration, ParameterSpec::Presence::optional, "4h", "how long; the kernel ends it by itself"},
}};
inline constexpr ActionSpec network_sinkhole_spec{
    "network.sinkhole",          "lead this host's DNS questions for a name nowhere for a limited time",
    network_sinkhole_parameters, Capability::network_admin,
    Reversibility::expires,      BlastRadius::peer};

Forecast describe_network_sinkhole(const Parameters& parameters);
std::unique_ptr<Action> make_network_sinkhole(const ActionEnvironment& environment);

}  // namespace tocsin::responders
