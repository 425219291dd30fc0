#include "collectors/packet/protocol/dcerpc/pdu.h"

#include <algorithm>

#include <fmt/format.h>

namespace tocsin::collectors {

namespace {

constexpr std::size_t items_most = 64;

std::uint16_t u16(ByteReader& reader, bool little) noexcept { return little ? reader.u16_little() : reader.u16(); }
std::uint32_t u32(ByteReader& reader, bool little) noexcept { return little ? reader.u32_little() : reader.u32(); }

// The first three parts of a UUID are numbers of the sender's byte order.
Uuid uuid(ByteReader& reader, bool little) noexcept {
  Uuid out{};
  const Bytes bytes = reader.take(out.size());
  if (bytes.size() != out.size()) return out;
  std::ranges::copy(bytes, out.begin());
  if (!little) return out;
  std::reverse(out.begin(), out.begin() + 4);
  std::reverse(out.begin() + 4, out.begin() + 6);
  std::reverse(out.begin() + 6, out.begin() + 8);
  return out;
}

}  // namespace

std::string render_uuid(const Uuid& uuid) {
  std::string out;
  for (std::size_t i = 0; i < uuid.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out += '-';
    out += fmt::format("{:02x}", uuid[i]);
  }
  return out;
}

bool is_dcerpc_answer(std::uint8_t type) noexcept {
  using namespace dcerpc_type;
  return type == response || type == fault || type == bind_ack || type == bind_nak || type == alter_context_response ||
         type == shutdown;
}

std::optional<DcerpcHeader> parse_dcerpc_header(Bytes bytes) noexcept {
  if (bytes.size() < DcerpcHeader::size || bytes[0] != 5 || bytes[1] > 1) return std::nullopt;
  // Integers big or little, ASCII or EBCDIC; one of four kinds of floating point; two bytes of nothing.
  if ((bytes[4] & 0xEEU) != 0 || bytes[5] > 3 || bytes[6] != 0 || bytes[7] != 0) return std::nullopt;
  DcerpcHeader out;
  out.version_minor = bytes[1];
  out.type = bytes[2];
  out.first_fragment = (bytes[3] & 0x01U) != 0;
  out.last_fragment = (bytes[3] & 0x02U) != 0;
  out.has_object = (bytes[3] & 0x80U) != 0;
  out.little = (bytes[4] & 0x10U) != 0;
  ByteReader reader(bytes.subspan(8));
  out.length = u16(reader, out.little);
  out.auth_length = u16(reader, out.little);
  out.call_id = u32(reader, out.little);
  if (out.length < DcerpcHeader::size || out.type > dcerpc_type::orphaned) return std::nullopt;
  return out;
}

std::optional<std::vector<DcerpcInterface>> parse_dcerpc_bind(Bytes body, bool little) {
  ByteReader reader(body);
  reader.skip(8);  // fragment sizes, association group
  const std::size_t contexts = reader.u8();
  reader.skip(3);
  std::vector<DcerpcInterface> out;
  for (std::size_t i = 0; i < std::min(contexts, items_most); ++i) {
    DcerpcInterface item;
    item.context = u16(reader, little);
    const std::size_t transfers = reader.u8();
    reader.skip(1);
    item.uuid = uuid(reader, little);
    item.version = u16(reader, little);
    item.version_minor = u16(reader, little);
    reader.skip(transfers * 20);
    if (!reader.ok()) break;
    out.push_back(item);
  }
  if (out.empty() && (contexts != 0 || !reader.ok())) return std::nullopt;
  return out;
}

std::optional<std::vector<DcerpcResult>> parse_dcerpc_bind_ack(Bytes body, bool little) {
  ByteReader reader(body);
  reader.skip(8);
  const std::size_t address = u16(reader, little);
  reader.skip(address);
  // The list is aligned to four bytes of the unit, whose header is sixteen long.
  if (const std::size_t past = (reader.position() + DcerpcHeader::size) % 4; past != 0) reader.skip(4 - past);
  const std::size_t results = reader.u8();
  reader.skip(3);
  if (!reader.ok()) return std::nullopt;
  std::vector<DcerpcResult> out;
  for (std::size_t i = 0; i < std::min(results, items_most); ++i) {
    DcerpcResult item;
    item.result = u16(reader, little);
    item.reason = u16(reader, little);
    reader.skip(20);
    if (!reader.ok()) break;
    out.push_back(item);
  }
  return out;
}

std::optional<DcerpcRequest> parse_dcerpc_request(const DcerpcHeader& header, Bytes body) {
  ByteReader reader(body);
  DcerpcRequest out;
  reader.skip(4);  // allocation hint
  out.context = u16(reader, header.little);
  out.opnum = u16(reader, header.little);
  if (!reader.ok()) return std::nullopt;
  out.stub = reader.rest();
  return out;
}

std::optional<Bytes> parse_dcerpc_response(Bytes body) noexcept {
  if (body.size() < 8) return std::nullopt;  // allocation hint, context, cancel count
  return body.subspan(8);
}

std::optional<DcerpcDatagram> parse_dcerpc_datagram(Bytes bytes) {
  ByteReader reader(bytes);
  if (reader.u8() != 4) return std::nullopt;
  DcerpcDatagram out;
  out.type = reader.u8();
  out.flags = reader.u8();
  const std::uint8_t flags2 = reader.u8();
  const std::uint8_t representation = reader.u8();
  const std::uint8_t floats = reader.u8();
  reader.skip(2);  // its last byte, high byte of the serial number
  out.little = (representation & 0x10U) != 0;
  out.object = uuid(reader, out.little);
  out.interface_ = uuid(reader, out.little);
  out.activity = uuid(reader, true);  // as Suricata shows it, whatever the byte order
  reader.skip(4);                     // boot time of the server
  out.interface_version = u32(reader, out.little);
  out.sequence = u32(reader, out.little);
  out.opnum = u16(reader, out.little);
  reader.skip(4);  // hints
  const std::size_t length = u16(reader, out.little);
  out.fragment = u16(reader, out.little);
  reader.skip(2);  // authentication, low byte of the serial number
  if (!reader.ok() || (representation & 0xEEU) != 0 || floats > 3 || out.type > dcerpc_type::orphaned) return {};
  if ((flags2 & 0xFCU) != 0 || length > reader.remaining()) return std::nullopt;
  out.stub = reader.take(length);
  return out;
}

std::string_view dcerpc_type_name(std::uint8_t type) noexcept {
  static constexpr std::array<std::string_view, 20> names{
      "REQUEST",   "PING",     "RESPONSE",   "FAULT",   "WORKING", "NOCALL",  "REJECT",        "ACK",
      "CL_CANCEL", "FACK",     "CANCEL_ACK", "BIND",    "BINDACK", "BINDNAK", "ALTER_CONTEXT", "ALTER_CONTEXT_RESP",
      "AUTH3",     "SHUTDOWN", "CO_CANCEL",  "ORPHANED"};
  return type < names.size() ? names[type] : std::string_view{};
}

}  // namespace tocsin::collectors
