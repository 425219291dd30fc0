// IPv4 (RFC 791) and IPv6 (RFC 8200).

#include <algorithm>

#include "collectors/packet/decode/checksum.h"
#include "collectors/packet/decode/decoder.h"
#include "collectors/packet/decode/ether_type.h"
#include "collectors/packet/packet_event.h"

namespace tocsin::collectors {

namespace {

std::uint16_t word(Bytes b, std::size_t at) noexcept { return static_cast<std::uint16_t>((b[at] << 8) | b[at + 1]); }
std::uint32_t long_word(Bytes b, std::size_t at) noexcept {
  return (std::uint32_t{word(b, at)} << 16) | word(b, at + 2);
}

namespace extension {
constexpr std::uint8_t hop_by_hop = 0, routing = 43, fragment = 44, authentication = 51, none = 59, destination = 60,
                       mobility = 135, shim6 = 140;
}

}  // namespace

void Decoder::ipv4(Walk& walk, Bytes bytes) {
  Packet& packet = walk.packet;
  if (bytes.size() < 20) return mark(packet, PacketEvent::ipv4_too_small);
  if ((bytes[0] >> 4) != 4) return mark(packet, PacketEvent::ipv4_wrong_version);
  const std::size_t header = (bytes[0] & 0x0FU) * 4U;
  std::size_t total = word(bytes, 2);
  if (header < 20) return mark(packet, PacketEvent::ipv4_header_too_small);
  if (total < header) return mark(packet, PacketEvent::ipv4_length_below_header);
  if (bytes.size() < total) {
    // The capture cut the frame: what is there may still be read. A frame that claims to be whole is malformed.
    if (packet.frame.size() >= packet.wire_length || bytes.size() < header)
      return mark(packet, PacketEvent::ipv4_truncated);
    total = bytes.size();
  }
  bytes = bytes.first(total);
  packet.ip_version = 4;
  packet.ip_header = bytes.first(header);
  packet.source = IpAddress::v4(bytes.subspan(12, 4));
  packet.destination = IpAddress::v4(bytes.subspan(16, 4));
  packet.protocol = bytes[9];
  packet.time_to_live = bytes[8];
  walk.decoded.understood = true;
  ++counters_.ipv4;
  if (header > 20) ipv4_options(packet, bytes.subspan(20, header - 20));
  if (options_.checksums == ChecksumMode::validate && !packet.reassembled && checksum_sum(packet.ip_header) != 0xFFFF) {
    packet.checksum_bad = true;
    mark(packet, PacketEvent::ipv4_checksum);
  }
  const std::uint16_t fragment = word(bytes, 6);
  if ((fragment & 0x3FFF) != 0 && !packet.reassembled) {  // more fragments, or not the first
    packet.is_fragment = true;
    walk.decoded.fragment = {word(bytes, 4),  (fragment & 0x1FFFU) * 8U, (fragment & 0x2000U) != 0,
                             packet.protocol, bytes.subspan(header),     header};
    return;
  }
  transport(walk, bytes.subspan(header));
}

void Decoder::ipv6(Walk& walk, Bytes bytes) {
  Packet& packet = walk.packet;
  if (bytes.size() < 40) return mark(packet, PacketEvent::ipv6_too_small);
  if ((bytes[0] >> 4) != 6) return mark(packet, PacketEvent::ipv6_wrong_version);
  std::size_t total = 40U + word(bytes, 4);
  if (bytes.size() < total) {
    if (packet.frame.size() >= packet.wire_length) return mark(packet, PacketEvent::ipv6_truncated);
    total = bytes.size();
  }
  bytes = bytes.first(total);
  packet.ip_version = 6;
  packet.source = IpAddress::v6(bytes.subspan(8, 16));
  packet.destination = IpAddress::v6(bytes.subspan(24, 16));
  packet.time_to_live = bytes[7];
  walk.decoded.understood = true;
  ++counters_.ipv6;
  Ipv6Chain chain;
  chain.next = bytes[6];
  ipv6_extensions(walk, bytes, chain);
  packet.ip_header = bytes.first(std::min(chain.position, bytes.size()));
  packet.protocol = chain.next;
  if (!chain.stop) transport(walk, bytes.subspan(chain.position));
}

void Decoder::ipv6_extensions(Walk& walk, Bytes datagram, Ipv6Chain& chain) {
  Packet& packet = walk.packet;
  for (;;) {
    std::size_t length = 0;
    const std::size_t left = datagram.size() - chain.position;
    switch (chain.next) {
      case extension::hop_by_hop:
      case extension::routing:
      case extension::destination:
      case extension::mobility:
      case extension::shim6: length = left >= 2 ? (datagram[chain.position + 1] + 1U) * 8U : 8; break;
      case extension::authentication: length = left >= 2 ? (datagram[chain.position + 1] + 2U) * 4U : 8; break;
      case extension::fragment: length = 8; break;
      case extension::none:
        if (left != 0) mark(packet, PacketEvent::ipv6_data_after_none_header);
        chain.stop = true;
        return;
      default: return;
    }
    if (left < length) {
      mark(packet, PacketEvent::ipv6_extension_truncated);
      chain.stop = true;
      return;
    }
    if (++walk.layers > options_.layers_most) {
      mark(packet, PacketEvent::ipv6_extension_too_many);
      chain.stop = true;
      return;
    }
    ipv6_extension(packet, datagram.subspan(chain.position, length), chain);
    if (chain.next == extension::fragment) {
      ipv6_fragment(walk, datagram, chain);
      if (chain.stop) return;
    }
    chain.next = datagram[chain.position];
    chain.position += length;
    if (datagram.size() - chain.position < 2 && chain.next != extension::none) {  // not even the next header's length
      mark(packet, PacketEvent::ipv6_extension_truncated);
      chain.stop = true;
      return;
    }
  }
}

// What is wrong with one header, and how often it was there.
void Decoder::ipv6_extension(Packet& packet, Bytes header, Ipv6Chain& chain) const {
  const auto again = [&](std::uint8_t& count, int allowed, PacketEvent event) {
    if (++count > allowed) mark(packet, event);
  };
  switch (chain.next) {
    case extension::routing:
      again(chain.routing, 1, PacketEvent::ipv6_exthdr_dupl_rh);
      if (header[2] == 0) mark(packet, PacketEvent::ipv6_routing_type0);
      break;
    case extension::hop_by_hop:
      again(chain.hop, 1, PacketEvent::ipv6_exthdr_dupl_hh);
      ipv6_options(packet, header.subspan(2), Ipv6OptionHeader::hop_by_hop);
      break;
    case extension::destination:  // once before a routing header, once at the end
      again(chain.destination, 2, PacketEvent::ipv6_exthdr_dupl_dh);
      ipv6_options(packet, header.subspan(2), Ipv6OptionHeader::destination);
      break;
    case extension::authentication:
      again(chain.authentication, 1, PacketEvent::ipv6_exthdr_dupl_ah);
      if (word(header, 2) != 0) mark(packet, PacketEvent::ipv6_exthdr_ah_res_not_null);
      break;
    case extension::fragment:
      if (header[1] != 0) mark(packet, PacketEvent::ipv6_fh_non_zero_reserved_field);
      break;
    default: break;
  }
}

void Decoder::ipv6_fragment(Walk& walk, Bytes datagram, Ipv6Chain& chain) {
  Packet& packet = walk.packet;
  const Bytes header = datagram.subspan(chain.position, 8);
  if (chain.fragment_seen) {
    mark(packet, PacketEvent::ipv6_extension_duplicate_fragment);
    chain.stop = true;
    return;
  }
  chain.fragment_seen = true;
  const std::uint16_t field = word(header, 2);
  const bool more = (field & 1U) != 0;
  const std::uint32_t offset = field & 0xFFF8U;
  if (!more && offset == 0) {  // an atomic fragment (RFC 6946) is whole
    mark(packet, PacketEvent::ipv6_extension_useless_fragment);
    return;
  }
  if (packet.reassembled) return;
  const Bytes data = datagram.subspan(chain.position + 8);
  if (more && data.size() % 8 != 0) {
    mark(packet, PacketEvent::ipv6_fragment_invalid_length);
    chain.stop = true;
    return;
  }
  packet.is_fragment = true;
  walk.decoded.fragment = {long_word(header, 4), offset, more, header[0], data, chain.position};
  chain.next = header[0];
  chain.position += 8;
  chain.stop = true;
}

void Decoder::transport(Walk& walk, Bytes bytes) {
  switch (walk.packet.protocol) {
    case ip_protocol::tcp: return tcp(walk, bytes);
    case ip_protocol::udp: return udp(walk, bytes);
    case ip_protocol::icmp:
      if (walk.packet.ip_version == 4) return icmp4(walk, bytes);
      mark(walk.packet, PacketEvent::ipv6_icmpv4);
      break;
    case ip_protocol::icmpv6:
      if (walk.packet.ip_version == 6) return icmp6(walk, bytes);
      mark(walk.packet, PacketEvent::ipv4_icmpv6);
      break;
    case ip_protocol::sctp: return sctp(walk, bytes);
    case ip_protocol::gre: return gre(walk, bytes);
    case ip_protocol::esp:
      if (bytes.size() < 8) break;
      walk.packet.security_index = long_word(bytes, 0);
      walk.packet.transport = bytes.first(8);
      walk.packet.payload = bytes.subspan(8);
      return;
    case 4:  // IPv4 in IP, RFC 2003
      if (walk.packet.ip_version == 6 && bytes.size() < 20) mark(walk.packet, PacketEvent::ipv6_ipv4_in_ipv6_too_small);
      else if (walk.packet.ip_version == 6 && bytes[0] >> 4 != 4)
        mark(walk.packet, PacketEvent::ipv6_ipv4_in_ipv6_wrong_version);
      walk.decoded.inner = {Inner::Kind::network, ether_type::ipv4, bytes};
      break;
    case ip_protocol::ipv6_in_ip:
      if (walk.packet.ip_version == 6 && bytes.size() < 40) mark(walk.packet, PacketEvent::ipv6_ipv6_in_ipv6_too_small);
      else if (walk.packet.ip_version == 6 && bytes[0] >> 4 != 6)
        mark(walk.packet, PacketEvent::ipv6_ipv6_in_ipv6_wrong_version);
      walk.decoded.inner = {Inner::Kind::network, ether_type::ipv6, bytes};
      break;
    default:
      if (walk.packet.ip_version == 6) mark(walk.packet, PacketEvent::ipv6_unknown_next_header);
      break;
  }
  walk.packet.payload = bytes;
}

}  // namespace tocsin::collectors
