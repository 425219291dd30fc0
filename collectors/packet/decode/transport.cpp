// TCP (RFC 9293), UDP (RFC 768) and the common header of SCTP (RFC 9260).

#include "collectors/packet/decode/checksum.h"
#include "collectors/packet/decode/decoder.h"
#include "collectors/packet/packet_event.h"

namespace tocsin::collectors {

namespace {

std::uint16_t word(Bytes b, std::size_t at) noexcept { return static_cast<std::uint16_t>((b[at] << 8) | b[at + 1]); }
std::uint32_t long_word(Bytes b, std::size_t at) noexcept {
  return (std::uint32_t{word(b, at)} << 16) | word(b, at + 2);
}

}  // namespace

void Decoder::check_transport(Packet& packet, Bytes bytes, PacketEvent event) {
  if (options_.checksums == ChecksumMode::ignore || checksum_pending_) return;
  if (packet.frame.size() < packet.wire_length) return;  // not all of it was captured
  const auto pseudo = pseudo_header_sum(packet.source, packet.destination, packet.protocol, bytes.size());
  if (checksum_sum(bytes, pseudo) == 0xFFFF) return;
  packet.checksum_bad = true;
  mark(packet, event);
}

void Decoder::tcp(Walk& walk, Bytes bytes) {
  Packet& packet = walk.packet;
  if (bytes.size() < 20) return mark(packet, PacketEvent::tcp_too_small);
  const std::size_t header = (bytes[12] >> 4) * 4U;
  if (header < 20 || header > bytes.size()) return mark(packet, PacketEvent::tcp_header_too_small);
  ++counters_.tcp;
  packet.source_port = word(bytes, 0);
  packet.destination_port = word(bytes, 2);
  packet.tcp.sequence = long_word(bytes, 4);
  packet.tcp.acknowledgement = long_word(bytes, 8);
  packet.tcp.flags = bytes[13];
  packet.tcp.window = word(bytes, 14);
  packet.tcp.urgent = word(bytes, 18);
  packet.transport = bytes.first(header);
  packet.payload = bytes.subspan(header);
  if (header > 20) tcp_options(packet, bytes.subspan(20, header - 20));
  check_transport(packet, bytes, PacketEvent::tcp_checksum);
}

void Decoder::tcp_options(Packet& packet, Bytes options) const {
  static constexpr std::uint32_t once = 1U << 2 | 1U << 3 | 1U << 4 | 1U << 5 | 1U << 8;
  std::uint32_t seen = 0;  // a bit per kind below 32
  std::size_t at = 0;
  while (at < options.size()) {
    const std::uint8_t kind = options[at];
    if (kind == 0) return;
    if (kind == 1) {
      ++at;
      continue;
    }
    if (at + 1 >= options.size()) return mark(packet, PacketEvent::tcp_option_invalid_length);
    const std::size_t length = options[at + 1];
    if (length < 2 || at + length > options.size()) return mark(packet, PacketEvent::tcp_option_invalid_length);
    const Bytes value = options.subspan(at + 2, length - 2);
    // A segment says these once; who says them twice wants two readers to disagree.
    const std::uint32_t bit = kind < 32 ? 1U << kind : 0;
    if ((seen & bit & once) != 0) mark(packet, PacketEvent::tcp_option_duplicate);
    seen |= bit;
    bool fits = true;
    switch (kind) {
      case 2:
        fits = length == 4;
        if (fits) packet.tcp.maximum_segment = word(value, 0);
        break;
      case 3:
        fits = length == 3;
        if (fits) packet.tcp.window_scale = value[0] > 14 ? std::uint8_t{14} : value[0];
        break;
      case 4:
        fits = length == 2;
        packet.tcp.selective_ack_permitted |= fits;
        break;
      case 8:
        fits = length == 10;
        if (fits) packet.tcp.timestamps = std::pair{long_word(value, 0), long_word(value, 4)};
        break;
      default: break;
    }
    if (!fits) mark(packet, PacketEvent::tcp_option_invalid_length);
    at += length;
  }
}

void Decoder::udp(Walk& walk, Bytes bytes) {
  Packet& packet = walk.packet;
  if (bytes.size() < 8) return mark(packet, PacketEvent::udp_header_too_small);
  const std::size_t length = word(bytes, 4);
  if (length < 8) return mark(packet, PacketEvent::udp_len_invalid);
  if (length > bytes.size() && packet.frame.size() >= packet.wire_length)
    return mark(packet, PacketEvent::udp_too_small);
  if (length < bytes.size()) bytes = bytes.first(length);
  ++counters_.udp;
  packet.source_port = word(bytes, 0);
  packet.destination_port = word(bytes, 2);
  packet.transport = bytes.first(8);
  packet.payload = bytes.subspan(8);
  const bool has_checksum = word(bytes, 6) != 0;
  if (has_checksum && length == bytes.size()) check_transport(packet, bytes, PacketEvent::udp_checksum);
  if (!walk.decoded.inner) udp_tunnel(walk);
}

void Decoder::sctp(Walk& walk, Bytes bytes) {
  Packet& packet = walk.packet;
  if (bytes.size() < 12) return mark(packet, PacketEvent::sctp_too_small);
  ++counters_.sctp;
  packet.source_port = word(bytes, 0);
  packet.destination_port = word(bytes, 2);
  packet.transport = bytes.first(12);
  packet.payload = bytes.subspan(12);
}

}  // namespace tocsin::collectors
