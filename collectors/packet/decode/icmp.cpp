// ICMP (RFC 792) and ICMPv6 (RFC 4443): header fields, types and codes as IANA registered them, and the datagram that
// an error message brings back.

#include "collectors/packet/decode/decoder.h"
#include "collectors/packet/packet_event.h"

namespace tocsin::collectors {

namespace {

std::uint16_t word(Bytes b, std::size_t at) noexcept { return static_cast<std::uint16_t>((b[at] << 8) | b[at + 1]); }

// https://www.iana.org/assignments/icmp-parameters
namespace type4 {
constexpr std::uint8_t echo_reply = 0, unreachable = 3, source_quench = 4, redirect = 5, echo = 8, advertisement = 9,
                       solicitation = 10, time_exceeded = 11, parameter_problem = 12, timestamp = 13, mask_reply = 18;
}
// https://www.iana.org/assignments/icmpv6-parameters
namespace type6 {
constexpr std::uint8_t unreachable = 1, too_big = 2, time_exceeded = 3, parameter_problem = 4, echo = 128,
                       echo_reply = 129, listener_query = 130, listener_report = 131, listener_done = 132,
                       router_solicitation = 133, redirect = 137, renumbering = 138, node_query = 139, node_reply = 140;
}

// What is wrong with the datagram that an error brings back; it may be cut after its header.
void check_quoted4(Packet& packet, Bytes quoted) {
  if (quoted.empty()) return;
  if (quoted.size() < 20) return mark(packet, PacketEvent::icmp4_ipv4_trunc_pkt);
  if (quoted[0] >> 4 != 4) mark(packet, PacketEvent::icmp4_ipv4_unknown_ver);
}
void check_quoted6(Packet& packet, Bytes quoted) {
  if (quoted.size() < 40) return mark(packet, PacketEvent::icmp6_ipv6_trunc_pkt);
  if (quoted[0] >> 4 != 6) mark(packet, PacketEvent::icmp6_ipv6_unknown_version);
}

void check_type4(Packet& packet) {
  const auto codes = [&](int most) {
    if (packet.icmp_code > most) mark(packet, PacketEvent::icmp4_unknown_code);
    else if (most != 0 || packet.icmp_type == type4::source_quench) check_quoted4(packet, packet.payload);
  };
  switch (packet.icmp_type) {
    case type4::unreachable: return codes(15);
    case type4::redirect: return codes(3);
    case type4::time_exceeded: return codes(1);
    case type4::parameter_problem: return codes(2);
    case type4::echo_reply:
    case type4::echo:
    case type4::source_quench: return codes(0);
    case type4::advertisement:  // of mobile agents too, with codes of their own (RFC 5944)
    case type4::solicitation: return;
    default: break;
  }
  if (packet.icmp_type >= type4::timestamp && packet.icmp_type <= type4::mask_reply) return codes(0);
  mark(packet, PacketEvent::icmp4_unknown_type);
}

// Messages that need no reading here but have a number range of their own.
PacketEvent unread_type6(std::uint8_t type) noexcept {
  if (type == 100 || type == 101 || type == 200 || type == 201) return PacketEvent::icmp6_experimentation_type;
  const bool unassigned = (type > type6::parameter_problem && type < 127) || (type >= 160 && type < 255);
  return unassigned ? PacketEvent::icmp6_unassigned_type : PacketEvent::icmp6_unknown_type;
}

void check_type6(Packet& packet) {
  const int code = packet.icmp_code;
  const auto codes = [&](int most) {
    if (code > most) mark(packet, PacketEvent::icmp6_unknown_code);
    return code <= most;
  };
  switch (packet.icmp_type) {
    case type6::unreachable:
      if (codes(8)) check_quoted6(packet, packet.payload);
      return;
    case type6::too_big:
      if (codes(0)) check_quoted6(packet, packet.payload);
      return;
    case type6::time_exceeded:
      if (codes(1)) check_quoted6(packet, packet.payload);
      return;
    case type6::parameter_problem:
      if (codes(10)) check_quoted6(packet, packet.payload);
      return;
    case type6::listener_query:
    case type6::listener_report:
    case type6::listener_done:  // RFC 2710, section 3: never further than the link
      if (packet.time_to_live != 1) mark(packet, PacketEvent::icmp6_mld_message_with_invalid_hl);
      codes(0);
      return;
    case type6::renumbering:
      if (code > 1 && code != 255) mark(packet, PacketEvent::icmp6_unknown_code);
      return;
    case type6::node_query:
    case type6::node_reply: codes(2); return;
    default: break;
  }
  if (packet.icmp_type == type6::echo || packet.icmp_type == type6::echo_reply ||
      (packet.icmp_type >= type6::router_solicitation && packet.icmp_type <= type6::redirect)) {
    codes(0);
    return;
  }
  // 141 to 159 are registered, if rarely seen.
  if (packet.icmp_type > type6::node_reply && packet.icmp_type < 160) return;
  mark(packet, unread_type6(packet.icmp_type));
}

}  // namespace

void Decoder::icmp4(Walk& walk, Bytes bytes) {
  Packet& packet = walk.packet;
  if (bytes.size() < 8) return mark(packet, PacketEvent::icmp4_too_small);
  ++counters_.icmp;
  packet.icmp_type = bytes[0];
  packet.icmp_code = bytes[1];
  packet.transport = bytes.first(8);
  packet.payload = bytes.subspan(8);
  check_type4(packet);
  switch (packet.icmp_type) {  // those with an identifier and a sequence number
    case 0:
    case 8:
    case 13:
    case 14:
    case 15:
    case 16:
    case 17:
    case 18:
      packet.icmp_id = word(bytes, 4);
      packet.icmp_sequence = word(bytes, 6);
      break;
    default: break;
  }
}

void Decoder::icmp6(Walk& walk, Bytes bytes) {
  Packet& packet = walk.packet;
  if (bytes.size() < 8) return mark(packet, PacketEvent::icmp6_too_small);
  ++counters_.icmp;
  packet.icmp_type = bytes[0];
  packet.icmp_code = bytes[1];
  packet.transport = bytes.first(8);
  packet.payload = bytes.subspan(8);
  check_type6(packet);
  if (packet.icmp_type == type6::echo || packet.icmp_type == type6::echo_reply) {
    packet.icmp_id = word(bytes, 4);
    packet.icmp_sequence = word(bytes, 6);
  }
}

}  // namespace tocsin::collectors
