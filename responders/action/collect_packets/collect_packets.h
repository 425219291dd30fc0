#pragma once
// collect.packets: the packets of an address, of two ends, or of one connection out of the latest frames that tocsind
// holds, into the evidence of an incident, before they are overwritten. Carried out by tocsind, which has the frames
// and the vault; tocsin-responder has neither, so there is no `make`. Nothing of the host changes.

#include <array>

#include "responders/action/action.h"

namespace tocsin::responders {

inline constexpr std::array<std::string_view, 4> collect_packets_protocols{"any", "tcp", "udp", "icmp"};
inline constexpr std::array<ParameterSpec, 7> collect_packets_parameters{{
    {"address", ParameterType::network, ParameterSpec::Presence::required, {}, "one end: an address or a network"},
    {"port", ParameterType::port, ParameterSpec::Presence::optional, {}, "its port"},
    {"peer", ParameterType::network, ParameterSpec::Presence::optional, {}, "the other end; otherwise any"},
    {"peer_port", ParameterType::port, ParameterSpec::Presence::optional, {}, "the port of the other end"},
    {"protocol", ParameterType::choice, ParameterSpec::Presence::optional, "any", "of the transport",
     collect_packets_protocols},
    {"from_ago",
     ParameterType::duration,
     ParameterSpec::Presence::optional,
     {},
     "packets of this long ago and later; otherwise as far back as frames are held"},
    {"until_ago",
     ParameterType::duration,
     ParameterSpec::Presence::optional,
     {},
     "and none later than this long ago; otherwise until now"},
}};
inline constexpr ActionSpec collect_packets_spec{"collect.packets",
                                                 "packets of an address or a connection, out of the latest frames, "
                                                 "into the evidence of the incident",
                                                 collect_packets_parameters,
                                                 Capability::none,
                                                 Reversibility::irreversible,
                                                 BlastRadius::message};

// "tcp 198.51.100.77:443 - 10.0.0.0/8"
std::string packets_text(const Parameters& parameters);
Forecast describe_collect_packets(const Parameters& parameters);

}  // namespace tocsin::responders
