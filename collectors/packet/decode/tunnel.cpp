// Tunnels: GRE and what it carries, and those over UDP. What they hold comes back as `Inner`.

#include <algorithm>

#include "collectors/packet/decode/decoder.h"
#include "collectors/packet/decode/ether_type.h"
#include "collectors/packet/packet_event.h"

namespace tocsin::collectors {

namespace {

std::uint16_t word(Bytes b, std::size_t at) noexcept { return static_cast<std::uint16_t>((b[at] << 8) | b[at + 1]); }

bool contains(const std::vector<std::uint16_t>& ports, std::uint16_t port) noexcept {
  return std::ranges::find(ports, port) != ports.end();
}

}  // namespace

// Length of the header with all its options; 0: not to be read any further.
std::size_t Decoder::gre_header(Walk& walk, Bytes bytes) {
  Packet& packet = walk.packet;
  const std::uint16_t flags = word(bytes, 0);
  const bool routing = (flags & 0x4000U) != 0;
  const auto refuse = [&](PacketEvent event) -> std::size_t {
    mark(packet, event);
    return 0;
  };
  std::size_t header = 4;
  if ((flags & 7U) == 0) {  // RFC 1701, RFC 2784, RFC 2890
    if ((flags & 0x0700U) != 0) return refuse(PacketEvent::gre_version0_recur);
    if ((flags & 0x00F8U) != 0) return refuse(PacketEvent::gre_version0_flags);
    if ((flags & 0xC000U) != 0) header += 4;
    if ((flags & 0x2000U) != 0) header += 4;
    if ((flags & 0x1000U) != 0) header += 4;
    for (int i = 0; routing; ++i) {  // source route entries, ended by one of length zero
      if (header + 4 > bytes.size() || i > 64) return refuse(PacketEvent::gre_version0_malformed_sre_hdr);
      const std::size_t length = bytes[header + 3];
      header += 4 + length;
      if (length == 0) break;
    }
    return header > bytes.size() ? refuse(PacketEvent::gre_version0_hdr_too_big) : header;
  }
  // RFC 2637
  if ((flags & 0x8000U) != 0) return refuse(PacketEvent::gre_version1_chksum);
  if (routing) return refuse(PacketEvent::gre_version1_route);
  if ((flags & 0x0800U) != 0) return refuse(PacketEvent::gre_version1_ssr);
  if ((flags & 0x0700U) != 0) return refuse(PacketEvent::gre_version1_recur);
  if ((flags & 0x0078U) != 0) return refuse(PacketEvent::gre_version1_flags);
  if ((flags & 0x2000U) == 0) return refuse(PacketEvent::gre_version1_no_key);
  header += 4;
  if ((flags & 0x1000U) != 0) header += 4;
  if ((flags & 0x0080U) != 0) header += 4;
  return header > bytes.size() ? refuse(PacketEvent::gre_version1_hdr_too_big) : header;
}

void Decoder::gre(Walk& walk, Bytes bytes) {
  Packet& packet = walk.packet;
  if (bytes.size() < 4) return mark(packet, PacketEvent::gre_too_small);
  ++counters_.gre;
  const std::uint16_t flags = word(bytes, 0);
  const std::uint16_t type = word(bytes, 2);
  const unsigned version = flags & 7U;
  if (version > 1) return mark(packet, PacketEvent::gre_wrong_version);
  if (version == 1 && type != ether_type::ppp) return mark(packet, PacketEvent::gre_version1_unsupported);
  const std::size_t header = gre_header(walk, bytes);
  if (header == 0) return;
  bytes = bytes.subspan(header);
  packet.payload = bytes;
  switch (type) {
    case ether_type::ipv4:
    case ether_type::ipv6:
    case ether_type::vlan:
    case ether_type::mpls:
    case ether_type::arp: walk.decoded.inner = {Inner::Kind::network, type, bytes, Tunnel::gre}; return;
    case ether_type::bridge: walk.decoded.inner = {Inner::Kind::ethernet, 0, bytes, Tunnel::gre}; return;
    case ether_type::erspan2:
      // Without a sequence number it is type I, which has no header of its own.
      if ((flags & 0x1000) == 0) {
        if (!options_.erspan_type1) return;
        ++counters_.erspan;
        walk.decoded.inner = {Inner::Kind::ethernet, 0, bytes, Tunnel::gre};
        return;
      }
      return erspan2(walk, bytes);
    case ether_type::ppp: {
      std::uint16_t next = 0;
      if (bytes.size() >= 2 && bytes[0] == 0xFF && bytes[1] == 0x03) bytes = bytes.subspan(2);
      if (ppp(walk, next, bytes)) walk.decoded.inner = {Inner::Kind::network, next, bytes, Tunnel::gre};
      return;
    }
    default: return;
  }
}

void Decoder::erspan2(Walk& walk, Bytes bytes) {
  if (bytes.size() < 8) return mark(walk.packet, PacketEvent::erspan_too_small);
  const int version = bytes[0] >> 4;
  if (version != 1) return mark(walk.packet, PacketEvent::erspan_unsupported);
  ++counters_.erspan;
  walk.decoded.inner = {Inner::Kind::ethernet, 0, bytes.subspan(8), Tunnel::gre};
}

void Decoder::udp_tunnel(Walk& walk) {
  const Packet& packet = walk.packet;
  if (options_.vxlan && contains(options_.vxlan_ports, packet.destination_port)) return vxlan(walk);
  if (options_.geneve && contains(options_.geneve_ports, packet.destination_port)) return geneve(walk);
  if (options_.teredo &&
      (contains(options_.teredo_ports, packet.destination_port) || contains(options_.teredo_ports, packet.source_port)))
    teredo(walk);
}

// RFC 7348
void Decoder::vxlan(Walk& walk) {
  const Bytes bytes = walk.packet.payload;
  if (bytes.size() < 8 + 14 || (bytes[0] & 0x08U) == 0 || bytes[7] != 0) return;
  ++counters_.vxlan;
  // What an Ethernet frame in there may carry; others are told, and read as any frame.
  switch (word(bytes, 8 + 12)) {
    case ether_type::ipv4:
    case ether_type::ipv6:
    case ether_type::arp:
    case ether_type::vlan:
    case ether_type::qinq: break;
    default: mark(walk.packet, PacketEvent::vxlan_unknown_payload); break;
  }
  walk.decoded.inner = {Inner::Kind::ethernet, 0, bytes.subspan(8), Tunnel::vxlan};
}

// RFC 8926
void Decoder::geneve(Walk& walk) {
  const Bytes bytes = walk.packet.payload;
  if (bytes.size() < 8 || (bytes[0] >> 6) != 0) return;
  const std::size_t header = 8 + (bytes[0] & 0x3FU) * 4U;
  if (bytes.size() <= header) return;
  ++counters_.geneve;
  const std::uint16_t type = word(bytes, 2);
  if (type == ether_type::bridge)
    walk.decoded.inner = {Inner::Kind::ethernet, 0, bytes.subspan(header), Tunnel::geneve};
  else if (type == ether_type::ipv4 || type == ether_type::ipv6)
    walk.decoded.inner = {Inner::Kind::network, type, bytes.subspan(header), Tunnel::geneve};
  else mark(walk.packet, PacketEvent::geneve_unknown_payload);
}

// RFC 4380: IPv6 in UDP, perhaps after an authentication header and an origin indication.
void Decoder::teredo(Walk& walk) {
  Bytes bytes = walk.packet.payload;
  if (bytes.size() >= 4 && bytes[0] == 0 && bytes[1] == 1) {
    const std::size_t header = 4U + bytes[2] + bytes[3] + 9U;
    if (bytes.size() < header) return;
    bytes = bytes.subspan(header);
  }
  if (bytes.size() >= 8 && bytes[0] == 0 && bytes[1] == 0) bytes = bytes.subspan(8);
  if (bytes.size() < 40 || (bytes[0] >> 4) != 6) return;
  if (bytes.size() != 40U + word(bytes, 4)) return;  // else it is something else on that port
  ++counters_.teredo;
  walk.decoded.inner = {Inner::Kind::network, ether_type::ipv6, bytes, Tunnel::teredo};
}

}  // namespace tocsin::collectors
