#pragma once
// EtherType numbers (IEEE 802 registry) that the decoder and the worker chooser know.

#include <cstdint>

namespace tocsin::collectors::ether_type {

inline constexpr std::uint16_t ipv4 = 0x0800, arp = 0x0806, bridge = 0x6558, vlan = 0x8100, ipv6 = 0x86DD, ppp = 0x880B,
                               mpls = 0x8847, mpls_multicast = 0x8848, pppoe_discovery = 0x8863, pppoe_session = 0x8864,
                               qinq = 0x88A8, nsh = 0x894F, vntag = 0x8926, dce = 0x8903, ieee8021ah = 0x88E7,
                               erspan2 = 0x88BE, qinq_old = 0x9100;

}  // namespace tocsin::collectors::ether_type
