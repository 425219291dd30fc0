// Messages that say their length.

#include <algorithm>

#include "collectors/base/text.h"
#include "collectors/packet/frame/message.h"

namespace tocsin::collectors {

namespace {

using enum FrameKind;

std::uint64_t number_at(Bytes b, std::size_t at, std::size_t size) noexcept {
  std::uint64_t out = 0;
  for (std::size_t i = 0; i < size; ++i) out = (out << 8) | b[at + i];
  return out;
}

FrameMessage whole(FrameKind pdu, FrameKind header, FrameKind data, std::uint64_t header_size, std::uint64_t total) {
  FrameMessage out;
  out.total = total;
  out.add(pdu, 0, total);
  out.add(header, 0, std::min(header_size, total));
  if (total > header_size) out.add(data, header_size, total - header_size);
  return out;
}

// [C706], chapter 12: the fragment's length stands at 8, in the byte order that byte 4 tells.
FrameMessage measure_dcerpc(const FrameInput& input) {
  static constexpr std::size_t header = 16, datagram_header = 80;
  const Bytes b = input.bytes;
  if (input.datagram) return whole(dcerpc_pdu, dcerpc_header, dcerpc_data, datagram_header, b.size());
  if (b.size() < header) return FrameMessage::more();
  const bool little = (b[4] & 0x10U) != 0;
  const std::uint64_t total = little ? static_cast<std::uint64_t>(b[8] | (b[9] << 8)) : number_at(b, 8, 2);
  if (b[0] != 5 || total < header) return FrameMessage::none();
  return whole(dcerpc_pdu, dcerpc_header, dcerpc_data, header, total);
}

FrameMessage measure_dns(const FrameInput& input) {
  const Bytes b = input.bytes;
  FrameMessage out;
  if (input.datagram) {
    out.total = b.size();
    out.add(dns_pdu, 0, b.size());
    return out;
  }
  if (b.size() < 2) return out;
  out.total = 2 + number_at(b, 0, 2);
  out.add(dns_pdu, 2, out.total - 2);
  return out;
}

FrameMessage measure_enip(const FrameInput& input) {
  static constexpr std::size_t header = 24;
  const Bytes b = input.bytes;
  if (b.size() < header) return input.datagram ? FrameMessage::none() : FrameMessage::more();
  return whole(enip_pdu, enip_header, enip_data, header, header + static_cast<std::uint64_t>(b[2] | (b[3] << 8)));
}

// RFC 9113, section 4.1; the client's side begins with a preface.
FrameMessage measure_http2(const FrameInput& input) {
  static constexpr std::size_t header = 9;
  static constexpr std::string_view preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  const Bytes b = input.bytes;
  if (input.mine().phase == 0 && input.direction == Direction::to_server && !b.empty() && b[0] == 'P') {
    if (b.size() < preface.size()) return FrameMessage::more();
    input.mine().phase = 1;
    if (as_text(b).starts_with(preface)) return FrameMessage::skip(preface.size());
  }
  input.mine().phase = 1;
  if (b.size() < header) return FrameMessage::more();
  return whole(http2_pdu, http2_header, http2_data, header, header + number_at(b, 0, 3));
}

// A BER sequence.
FrameMessage measure_ldap(const FrameInput& input) {
  const Bytes b = input.bytes;
  if (b.size() < 2) return FrameMessage::more();
  if (b[0] != 0x30) return FrameMessage::none();
  std::uint64_t total = 2;
  if ((b[1] & 0x80U) == 0) {
    total += b[1];
  } else {
    const std::size_t octets = b[1] & 0x7FU;
    if (octets == 0 || octets > 4) return FrameMessage::none();
    if (b.size() < 2 + octets) return FrameMessage::more();
    total += octets + number_at(b, 2, octets);
  }
  FrameMessage out;
  out.total = total;
  out.add(ldap_pdu, 0, total);
  return out;
}

FrameMessage measure_modbus(const FrameInput& input) {
  const Bytes b = input.bytes;
  FrameMessage out;
  if (b.size() < 6) return out;
  out.total = 6 + number_at(b, 4, 2);
  out.add(modbus_pdu, 0, out.total);
  return out;
}

FrameMessage measure_mqtt(const FrameInput& input) {
  const Bytes b = input.bytes;
  std::uint64_t length = 0;
  for (std::size_t i = 1; i <= 4; ++i) {
    if (i >= b.size()) return FrameMessage::more();
    length |= static_cast<std::uint64_t>(b[i] & 0x7FU) << (7 * (i - 1));
    if ((b[i] & 0x80U) == 0) return whole(mqtt_pdu, mqtt_header, mqtt_data, i + 1, i + 1 + length);
  }
  return FrameMessage::none();
}

// RFC 6143, section 7: only what comes before the pictures.
FrameMessage measure_rfb(const FrameInput& input) {
  const Bytes b = input.bytes;
  auto& phase = input.mine().phase;
  const bool server = input.direction == Direction::to_client;
  FrameMessage out;
  const auto as = [&](std::uint64_t total, std::uint8_t next) {
    if (b.size() < total) return;
    out.total = total;
    out.add(rfb_pdu, 0, total);
    phase = next;
  };
  if (b.empty()) return out;
  static constexpr std::uint64_t version = 12, challenge = 16;
  switch (phase) {
    case 0: as(version, 1); break;
    case 1: as(server ? std::uint64_t{1} + b[0] : 1, 2); break;
    case 2: as(challenge, 3); break;
    case 3: as(server ? 4 : 1, 4); break;
    default: return FrameMessage::none();
  }
  return out;
}

// [MS-SMB2], section 2.2.1; [MS-CIFS], section 2.2.3: behind four bytes of NetBIOS.
FrameMessage measure_smb(const FrameInput& input) {
  static constexpr std::size_t netbios = 4, smb1 = 32, smb2 = 64, smb3 = 52;
  const Bytes b = input.bytes;
  if (b.size() < netbios) return FrameMessage::more();
  const std::uint64_t total = netbios + (number_at(b, 0, 4) & 0xFFFFFFU);
  if (b.size() < std::min<std::uint64_t>(total, netbios + 4)) return FrameMessage::more();
  FrameMessage out;
  out.total = total;
  out.add(smb_nbss_pdu, 0, total);
  const auto add = [&](FrameKind pdu, FrameKind header, FrameKind data, std::size_t size, std::uint64_t begin,
                       std::uint64_t rest) {
    out.add(pdu, begin, rest);
    out.add(header, begin, std::min<std::uint64_t>(size, rest));
    if (rest > size) out.add(data, begin + size, rest - size);
  };
  if (total < netbios + 4 || as_text(b.subspan(5, 3)) != "SMB") return out;
  if (b[netbios] == 0xFF) add(smb1_pdu, smb1_header, smb1_data, smb1, netbios, total - netbios);
  else if (b[netbios] == 0xFD) add(smb3_pdu, smb3_header, smb3_data, smb3, netbios, total - netbios);
  if (b[netbios] != 0xFE) return out;
  // Commands may stand one behind another; each says where the next one is.
  for (std::uint64_t begin = netbios; begin < total && out.count + 3 <= out.parts.size();) {
    std::uint64_t length = total - begin;
    if (begin + 24 <= b.size()) {
      const Bytes next = b.subspan(static_cast<std::size_t>(begin) + 20, 4);
      const auto distance = static_cast<std::uint64_t>(next[0] | (next[1] << 8)) |
                            (static_cast<std::uint64_t>(next[2]) << 16) | (static_cast<std::uint64_t>(next[3]) << 24);
      if (distance >= smb2 && distance < length) length = distance;
    }
    add(smb2_pdu, smb2_header, smb2_data, smb2, begin, length);
    begin += length;
  }
  return out;
}

// RFC 4253: a line, then records until the keys are new.
FrameMessage measure_ssh(const FrameInput& input) {
  static constexpr std::size_t header = 6;
  static constexpr std::uint8_t new_keys = 21;
  static constexpr std::size_t line_most = 8'192;
  const Bytes b = input.bytes;
  auto& phase = input.mine().phase;
  if (phase == 2) return FrameMessage::none();
  if (phase == 0) {
    const auto end = as_text(b).find('\n');
    if (end == std::string_view::npos) return b.size() > line_most ? FrameMessage::none() : FrameMessage::more();
    if (as_text(b).starts_with("SSH-")) phase = 1;
    return FrameMessage::skip(end + 1);
  }
  if (b.size() < header) return FrameMessage::more();
  const auto total = 4 + number_at(b, 0, 4);
  if (total < header || total > (1U << 20)) return FrameMessage::none();
  if (b.size() >= total && b[5] == new_keys) phase = 2;
  return whole(ssh_record_pdu, ssh_record_header, ssh_record_data, header, total);
}

FrameMessage measure_tls(const FrameInput& input) {
  static constexpr std::size_t header = 5;
  const Bytes b = input.bytes;
  if (b.size() < header) return FrameMessage::more();
  if (b[1] != 3) return FrameMessage::none();
  return whole(tls_pdu, tls_header, tls_data, header, header + number_at(b, 3, 2));
}

}  // namespace

MeasureFrame frame_measure(Protocol protocol) noexcept {
  switch (protocol) {
    case Protocol::dcerpc: return measure_dcerpc;
    case Protocol::dns: return measure_dns;
    case Protocol::enip: return measure_enip;
    case Protocol::http: return measure_http;
    case Protocol::http2: return measure_http2;
    case Protocol::ldap: return measure_ldap;
    case Protocol::modbus: return measure_modbus;
    case Protocol::mqtt: return measure_mqtt;
    case Protocol::rfb: return measure_rfb;
    case Protocol::sip: return measure_sip;
    case Protocol::smb: return measure_smb;
    case Protocol::smtp: return measure_smtp;
    case Protocol::ssh: return measure_ssh;
    case Protocol::telnet: return measure_telnet;
    case Protocol::tls: return measure_tls;
    default: return nullptr;
  }
}

}  // namespace tocsin::collectors
