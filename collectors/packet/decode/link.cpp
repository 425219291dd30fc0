// Link layers: from the frame to the network header.

#include <algorithm>
#include <array>

#include "collectors/packet/decode/decoder.h"
#include "collectors/packet/decode/ether_type.h"
#include "collectors/packet/packet_event.h"

namespace tocsin::collectors {

namespace {

// https://www.tcpdump.org/linktypes.html
namespace link_type {
constexpr std::uint32_t null = 0, ethernet = 1, ppp = 9, raw_openbsd = 12, raw_bsd = 14, ppp_serial = 50, raw = 101,
                        c_hdlc = 104, loop = 108, sll = 113, ipv4 = 228, ipv6 = 229, sll2 = 276;
}

std::uint16_t word(Bytes b, std::size_t at) noexcept { return static_cast<std::uint16_t>((b[at] << 8) | b[at + 1]); }

}  // namespace

Decoded Decoder::decode(const RawFrame& frame, Packet& packet) {
  packet = Packet{};
  packet.time = frame.time;
  packet.number = frame.number;
  packet.interface = frame.interface;
  packet.link_type = frame.link_type;
  packet.wire_length = frame.wire_length;
  packet.frame = frame.bytes;
  checksum_pending_ = frame.checksum_pending;
  if (frame.vlan_tci) packet.vlan[packet.vlan_count++] = *frame.vlan_tci & 0x0FFF;
  Decoded decoded;
  Walk walk{packet, decoded};
  link(walk, frame.link_type, frame.bytes);
  return decoded;
}

Decoded Decoder::decode_inner(const Packet& outer, const Inner& inner, Packet& packet) {
  packet = Packet{};
  packet.time = outer.time;
  packet.number = outer.number;
  packet.interface = outer.interface;
  packet.link_type = outer.link_type;
  packet.tunnel_depth = outer.tunnel_depth + 1;
  packet.tunnel = inner.tunnel;
  packet.wire_length = inner.bytes.size();
  packet.frame = inner.bytes;
  packet.vlan = outer.vlan;
  packet.vlan_count = outer.vlan_count;
  Decoded decoded;
  Walk walk{packet, decoded};
  if (inner.kind == Inner::Kind::ethernet) ethernet(walk, inner.bytes);
  else by_ether_type(walk, inner.ether_type, inner.bytes);
  return decoded;
}

Decoded Decoder::decode_datagram(const Packet& last, Bytes datagram, Packet& packet) {
  packet = Packet{};
  packet.time = last.time;
  packet.number = last.number;
  packet.interface = last.interface;
  packet.link_type = last.link_type;
  packet.tunnel_depth = last.tunnel_depth;
  packet.tunnel = last.tunnel;
  packet.wire_length = datagram.size();
  packet.frame = datagram;
  packet.vlan = last.vlan;
  packet.vlan_count = last.vlan_count;
  packet.ether_type = last.ether_type;
  packet.source_mac = last.source_mac;
  packet.destination_mac = last.destination_mac;
  packet.reassembled = true;
  Decoded decoded;
  Walk walk{packet, decoded};
  if (last.ip_version == 4) ipv4(walk, datagram);
  else ipv6(walk, datagram);
  return decoded;
}

void Decoder::link(Walk& walk, std::uint32_t type, Bytes bytes) {
  Packet& packet = walk.packet;
  switch (type) {
    case link_type::ethernet: return ethernet(walk, bytes);
    case link_type::raw:
    case link_type::raw_bsd:
    case link_type::raw_openbsd:
    case link_type::ipv4:
    case link_type::ipv6: {
      ++counters_.raw;
      const int version = bytes.empty() ? 0 : bytes[0] >> 4;
      if (version == 4) return by_ether_type(walk, ether_type::ipv4, bytes);
      if (version == 6) return by_ether_type(walk, ether_type::ipv6, bytes);
      return mark(packet, PacketEvent::raw_invalid_version);
    }
    case link_type::null:
    case link_type::loop: {
      ++counters_.null;
      if (bytes.size() < 4) return mark(packet, PacketEvent::null_too_small);
      // The family is in the byte order of the machine that captured (null) or big endian (loop); 24, 28 and 30 are
      // the IPv6 of the BSDs and macOS, 10 that of Linux.
      const std::uint32_t family = bytes[0] != 0 ? bytes[0] : bytes[3];
      if (family == 2) return by_ether_type(walk, ether_type::ipv4, bytes.subspan(4));
      if (family == 24 || family == 28 || family == 30 || family == 10)
        return by_ether_type(walk, ether_type::ipv6, bytes.subspan(4));
      return mark(packet, PacketEvent::null_unsupported);
    }
    case link_type::sll:
      ++counters_.sll;
      if (bytes.size() < 16) return mark(packet, PacketEvent::sll_too_small);
      if (word(bytes, 4) == 6) std::copy_n(bytes.begin() + 6, 6, packet.source_mac.begin());
      return by_ether_type(walk, word(bytes, 14), bytes.subspan(16));
    case link_type::sll2:
      ++counters_.sll2;
      if (bytes.size() < 20) return mark(packet, PacketEvent::sll2_too_small);
      if (bytes[11] == 6) std::copy_n(bytes.begin() + 12, 6, packet.source_mac.begin());
      return by_ether_type(walk, word(bytes, 0), bytes.subspan(20));
    case link_type::ppp:
    case link_type::ppp_serial: {
      ++counters_.ppp;
      if (bytes.size() >= 2 && bytes[0] == 0xFF && bytes[1] == 0x03) bytes = bytes.subspan(2);  // HDLC framing
      std::uint16_t next = 0;
      if (ppp(walk, next, bytes)) by_ether_type(walk, next, bytes);
      return;
    }
    case link_type::c_hdlc:
      ++counters_.chdlc;
      if (bytes.size() < 4) return mark(packet, PacketEvent::chdlc_too_small);
      return by_ether_type(walk, word(bytes, 2), bytes.subspan(4));
    default: return mark(packet, PacketEvent::link_unknown);
  }
}

void Decoder::ethernet(Walk& walk, Bytes bytes) {
  ++counters_.ethernet;
  if (bytes.size() < 14) return mark(walk.packet, PacketEvent::ethernet_too_small);
  std::copy_n(bytes.begin(), 6, walk.packet.destination_mac.begin());
  std::copy_n(bytes.begin() + 6, 6, walk.packet.source_mac.begin());
  by_ether_type(walk, word(bytes, 12), bytes.subspan(14));
}

void Decoder::by_ether_type(Walk& walk, std::uint16_t type, Bytes bytes) {
  for (;;) {
    if (++walk.layers > options_.layers_most) return mark(walk.packet, PacketEvent::too_many_layers);
    walk.packet.ether_type = type;
    bool more = false;
    switch (type) {
      case ether_type::ipv4: return ipv4(walk, bytes);
      case ether_type::ipv6: return ipv6(walk, bytes);
      case ether_type::arp: return arp(walk, bytes);
      case ether_type::vlan:
      case ether_type::qinq:
      case ether_type::qinq_old: more = vlan(walk, type, bytes); break;
      case ether_type::pppoe_session: more = pppoe(walk, type, bytes); break;
      case ether_type::pppoe_discovery: return pppoe_discovery(walk, bytes);
      case ether_type::nsh: more = nsh(walk, type, bytes); break;
      case ether_type::vntag: more = vntag(walk, type, bytes); break;
      case ether_type::ieee8021ah: more = backbone(walk, type, bytes); break;
      case ether_type::dce: more = fabric_path(walk, type, bytes); break;
      case ether_type::mpls:
      case ether_type::mpls_multicast: more = mpls(walk, type, bytes); break;
      case ether_type::bridge:
        walk.decoded.inner = {Inner::Kind::ethernet, 0, bytes};
        walk.decoded.understood = true;
        return;
      default:  // a network protocol nobody here looks into
        ++counters_.ether_type_unknown;
        return mark(walk.packet, PacketEvent::ethernet_unknown_ethertype);
    }
    if (!more) return;
  }
}

bool Decoder::vlan(Walk& walk, std::uint16_t& type, Bytes& bytes) {
  Packet& packet = walk.packet;
  if (bytes.size() < 4) {
    mark(packet, PacketEvent::vlan_too_small);
    return false;
  }
  if (packet.vlan_count >= packet.vlan.size()) {
    mark(packet, PacketEvent::vlan_too_many_layers);
    return false;
  }
  ++(type == ether_type::qinq ? counters_.vlan_qinq : counters_.vlan);
  packet.vlan[packet.vlan_count++] = word(bytes, 0) & 0x0FFF;
  type = word(bytes, 2);
  bytes = bytes.subspan(4);
  if (type < 0x0600) mark(packet, PacketEvent::vlan_unknown_type);
  return true;
}

// A virtual interface of a network adapter: IEEE 802.1BR's elder, six bytes before the next type.
bool Decoder::vntag(Walk& walk, std::uint16_t& type, Bytes& bytes) {
  if (bytes.size() < 6) {
    mark(walk.packet, PacketEvent::vntag_header_too_small);
    return false;
  }
  ++counters_.vntag;
  type = word(bytes, 4);
  bytes = bytes.subspan(6);
  if (type < 0x0600) mark(walk.packet, PacketEvent::vntag_unknown_type);
  return true;
}

// Provider backbone bridging: a service tag, then the customer's Ethernet header.
bool Decoder::backbone(Walk& walk, std::uint16_t& type, Bytes& bytes) {
  if (bytes.size() < 18) {
    mark(walk.packet, PacketEvent::ieee8021ah_header_too_small);
    return false;
  }
  ++counters_.ieee8021ah;
  type = word(bytes, 16);
  bytes = bytes.subspan(18);
  return true;
}

// Data centre Ethernet (FabricPath): the tag's second half, then a whole Ethernet header.
bool Decoder::fabric_path(Walk& walk, std::uint16_t& type, Bytes& bytes) {
  if (bytes.size() < 16) {
    mark(walk.packet, PacketEvent::dce_pkt_too_small);
    return false;
  }
  std::copy_n(bytes.begin() + 2, 6, walk.packet.destination_mac.begin());
  std::copy_n(bytes.begin() + 8, 6, walk.packet.source_mac.begin());
  type = word(bytes, 14);
  bytes = bytes.subspan(16);
  return true;
}

bool Decoder::pppoe(Walk& walk, std::uint16_t& type, Bytes& bytes) {
  if (bytes.size() < 8) {
    mark(walk.packet, PacketEvent::pppoe_too_small);
    return false;
  }
  const std::size_t length = word(bytes, 4);
  if (bytes[1] != 0 || length < 2) {  // session data has code 0
    mark(walk.packet, PacketEvent::pppoe_malformed);
    return false;
  }
  ++counters_.pppoe;
  bytes = bytes.subspan(6, std::min(length, bytes.size() - 6));
  return ppp(walk, type, bytes);
}

// RFC 2516, section 5: how a session begins and ends. Tags, each with a length of its own, fill what the header
// promises.
void Decoder::pppoe_discovery(Walk& walk, Bytes bytes) {
  if (bytes.size() < 6) return mark(walk.packet, PacketEvent::pppoe_too_small);
  walk.decoded.understood = true;
  ++counters_.pppoe;
  static constexpr std::array<std::uint8_t, 5> codes{0x07, 0x09, 0x19, 0x65, 0xA7};  // offer, initiation, request, …
  if (!std::ranges::binary_search(codes, bytes[1])) mark(walk.packet, PacketEvent::pppoe_wrong_code);
  const std::size_t length = word(bytes, 4);
  bytes = bytes.subspan(6);
  if (length > bytes.size()) return mark(walk.packet, PacketEvent::pppoe_malformed);
  bytes = bytes.first(length);
  while (bytes.size() >= 4) {
    const std::size_t tag = 4U + word(bytes, 2);
    if (tag > bytes.size()) return mark(walk.packet, PacketEvent::pppoe_malformed);
    bytes = bytes.subspan(tag);
  }
}

// Protocols of PPP that are registered and not looked into: control, authentication, compression, other networks.
bool Decoder::ppp_known(std::uint16_t protocol) noexcept {
  static constexpr std::uint16_t known[]{0x0023, 0x0025, 0x0027, 0x0029, 0x002B, 0x002D, 0x0031, 0x0033, 0x0035, 0x003D,
                                         0x003F, 0x0041, 0x004D, 0x004F, 0x0053, 0x0055, 0x0059, 0x00C1, 0x00C3, 0x00CF,
                                         0x00FB, 0x00FD, 0x0201, 0x0203, 0x0231, 0x0233, 0x0281, 0x0283, 0x8021, 0x8023,
                                         0x8025, 0x8027, 0x8029, 0x802B, 0x8031, 0x8033, 0x8035, 0x803D, 0x803F, 0x804D,
                                         0x804F, 0x8053, 0x8057, 0x80C1, 0x80FB, 0x80FD, 0x8281, 0x8283, 0xC021, 0xC023,
                                         0xC025, 0xC029, 0xC02B, 0xC081, 0xC223, 0xC225, 0xC227};
  static_assert(std::ranges::is_sorted(known));
  return std::ranges::binary_search(known, protocol);
}

bool Decoder::ppp(Walk& walk, std::uint16_t& type, Bytes& bytes) {
  if (bytes.empty()) {
    mark(walk.packet, PacketEvent::ppp_too_small);
    return false;
  }
  // An odd first byte is a compressed one-byte protocol field (RFC 1661, section 2).
  const std::size_t width = (bytes[0] & 1U) != 0 ? 1 : 2;
  if (bytes.size() < width) {
    mark(walk.packet, PacketEvent::ppp_too_small);
    return false;
  }
  const std::uint16_t protocol = width == 1 ? bytes[0] : word(bytes, 0);
  bytes = bytes.subspan(width);
  const auto holds = [&](std::size_t size, std::uint16_t next, PacketEvent event) {
    if (bytes.size() < size) mark(walk.packet, event);
    type = next;
    return bytes.size() >= size;
  };
  switch (protocol) {
    case 0x0021: return holds(20, ether_type::ipv4, PacketEvent::ppp_ip4_pkt_too_small);
    case 0x002F:  // a header that Van Jacobson's compression left as it is, but for the protocol number (RFC 1144)
      return holds(20, ether_type::ipv4, PacketEvent::ppp_vju_pkt_too_small);
    case 0x0057: return holds(40, ether_type::ipv6, PacketEvent::ppp_ip6_pkt_too_small);
    case 0x0281: type = ether_type::mpls; return true;
    default: break;
  }
  mark(walk.packet, ppp_known(protocol) ? PacketEvent::ppp_unsupported : PacketEvent::ppp_wrong_type);
  return false;
}

bool Decoder::mpls(Walk& walk, std::uint16_t& type, Bytes& bytes) {
  ++counters_.mpls;
  for (bool bottom = false; !bottom;) {
    if (bytes.size() < 4 || ++walk.layers > options_.layers_most) {
      mark(walk.packet, PacketEvent::mpls_too_small);
      return false;
    }
    bottom = (bytes[2] & 1U) != 0;
    const std::uint32_t label = (std::uint32_t{word(bytes, 0)} << 4U) | (bytes[2] >> 4U);
    if (bottom && label == 1) mark(walk.packet, PacketEvent::mpls_bad_label_router_alert);
    if (label == 3) mark(walk.packet, PacketEvent::mpls_bad_label_implicit_null);
    if (label >= 4 && label <= 15) mark(walk.packet, PacketEvent::mpls_bad_label_reserved);
    bytes = bytes.subspan(4);
  }
  if (bytes.size() < 4) {  // a control word, at least
    mark(walk.packet, PacketEvent::mpls_pkt_too_small);
    return false;
  }
  switch (bytes[0] >> 4) {
    case 4: type = ether_type::ipv4; return true;
    case 6: type = ether_type::ipv6; return true;
    case 0:  // a pseudo-wire control word (RFC 4385), then Ethernet
      if (bytes.size() < 4 + 14) break;
      type = ether_type::bridge;
      bytes = bytes.subspan(4);
      return true;
    default: break;
  }
  mark(walk.packet, PacketEvent::mpls_unknown_payload);
  return false;
}

// RFC 8300
bool Decoder::nsh(Walk& walk, std::uint16_t& type, Bytes& bytes) {
  const auto refuse = [&](PacketEvent event) {
    mark(walk.packet, event);
    return false;
  };
  if (bytes.size() < 8) return refuse(PacketEvent::nsh_too_small);
  if ((word(bytes, 0) >> 14U) != 0) return refuse(PacketEvent::nsh_unsupported_version);
  const std::size_t header = (bytes[1] & 0x3FU) * 4U;
  if (header < 8 || header > bytes.size()) return refuse(PacketEvent::nsh_bad_header_length);
  switch (bytes[2] & 0x0FU) {  // what the metadata is like
    case 0: return refuse(PacketEvent::nsh_reserved_type);
    case 1:
      if (header != 24) return refuse(PacketEvent::nsh_bad_header_length);
      break;
    case 2: break;
    default: return refuse(PacketEvent::nsh_unsupported_type);
  }
  ++counters_.nsh;
  switch (bytes[3]) {
    case 1: type = ether_type::ipv4; break;
    case 2: type = ether_type::ipv6; break;
    case 3: type = ether_type::bridge; break;
    case 4: type = ether_type::nsh; break;
    case 5: type = ether_type::mpls; break;
    default: mark(walk.packet, PacketEvent::nsh_unknown_payload); return false;
  }
  bytes = bytes.subspan(header);
  return true;
}

void Decoder::arp(Walk& walk, Bytes bytes) {
  if (bytes.size() < 28) return mark(walk.packet, PacketEvent::arp_too_small);
  const bool ethernet_ipv4 =
      word(bytes, 0) == 1 && word(bytes, 2) == ether_type::ipv4 && bytes[4] == 6 && bytes[5] == 4;
  if (!ethernet_ipv4) return mark(walk.packet, PacketEvent::arp_invalid);
  ++counters_.arp;
  walk.decoded.understood = true;
  walk.packet.source = IpAddress::v4(bytes.subspan(14, 4));
  walk.packet.destination = IpAddress::v4(bytes.subspan(24, 4));
  walk.packet.payload = bytes.first(28);
}

}  // namespace tocsin::collectors
