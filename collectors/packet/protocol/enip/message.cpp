#include "collectors/packet/protocol/enip/message.h"

#include <algorithm>
#include <array>

namespace tocsin::collectors {
namespace {

constexpr auto commands = std::to_array<EnipName>({{0x0000, "nop"},
                                                   {0x0004, "list_services"},
                                                   {0x0063, "list_identity"},
                                                   {0x0064, "list_interfaces"},
                                                   {0x0065, "register_session"},
                                                   {0x0066, "unregister_session"},
                                                   {0x006F, "send_rr_data"},
                                                   {0x0070, "send_unit_data"},
                                                   {0x0072, "indicate_status"},
                                                   {0x0073, "cancel"}});
constexpr auto statuses = std::to_array<EnipName>({{0, "success"},
                                                   {1, "invalid_cmd"},
                                                   {2, "no_resources"},
                                                   {3, "incorrect_data"},
                                                   {0x64, "invalid_session"},
                                                   {0x65, "invalid_length"},
                                                   {0x69, "unsupported_protocol_version"},
                                                   {0x6A, "encap_header_error"}});
constexpr auto vendors = std::to_array<EnipName>({{1, "Rockwell Automation/Allen-Bradley"},
                                                  {2, "Namco Controls Corp."},
                                                  {3, "Honeywell International Inc."},
                                                  {5, "Rockwell Automation/Reliance Elec."},
                                                  {47, "OMRON Corporation"},
                                                  {48, "Turck, Inc."},
                                                  {90, "HMS Industrial Networks AB"},
                                                  {161, "Mitsubishi Electric Corporation"},
                                                  {283, "Hilscher GmbH"},
                                                  {678, "Cognex Corporation"},
                                                  {1251, "Siemens"}});
namespace item {
constexpr std::uint16_t identity = 0x000C, connected = 0x00B1, unconnected = 0x00B2, services = 0x0100;
}

// Segments of a path: ODVA volume 1, appendix C.
void read_path(Bytes path, CipMessage& out) {
  ByteReader reader(path);
  while (reader.remaining() > 0 && reader.ok()) {
    const std::uint8_t segment = reader.u8();
    if ((segment & 0xE0U) != 0x20) return;  // not a logical one
    std::uint32_t value = 0;
    switch (segment & 3U) {
      case 0: value = reader.u8(); break;
      case 1:
        reader.skip(1);
        value = reader.u16_little();
        break;
      case 2:
        reader.skip(1);
        value = reader.u32_little();
        break;
      default: return;
    }
    if (!reader.ok()) return;
    switch ((segment >> 2U) & 7U) {
      case 0: out.class_id = value; break;
      case 1: out.instance = value; break;
      case 4: out.attribute = value; break;
      default: break;
    }
  }
}

std::optional<CipMessage> read_cip(Bytes bytes) {
  ByteReader reader(bytes);
  CipMessage out;
  out.service = reader.u8();
  if (out.response()) {
    reader.skip(1);
    out.status = reader.u8();
    const std::uint8_t count = reader.u8();
    for (std::uint8_t i = 0; i < count && reader.ok(); ++i) out.extended_status.push_back(reader.u16_little());
  } else {
    const std::size_t words = reader.u8();
    read_path(reader.take(words * 2), out);
  }
  return reader.ok() ? std::optional(std::move(out)) : std::nullopt;
}

std::optional<EnipIdentity> read_identity(Bytes bytes) {
  ByteReader reader(bytes);
  EnipIdentity out;
  out.protocol_version = reader.u16_little();
  reader.skip(16);  // a socket address
  out.vendor = reader.u16_little();
  out.device_type = reader.u16_little();
  out.product_code = reader.u16_little();
  out.major = reader.u8();
  out.minor = reader.u8();
  out.status = reader.u16_little();
  out.serial = reader.u32_little();
  const std::size_t size = reader.u8();
  out.product_name = as_text(reader.take(size));
  out.state = reader.u8();
  return reader.ok() ? std::optional(std::move(out)) : std::nullopt;
}

std::optional<EnipServices> read_services(Bytes bytes) {
  ByteReader reader(bytes);
  EnipServices out;
  out.protocol_version = reader.u16_little();
  out.capabilities = reader.u16_little();
  const auto name = as_text(reader.take(std::min<std::size_t>(16, reader.remaining())));
  out.name = name.substr(0, name.find('\0'));
  return reader.ok() ? std::optional(std::move(out)) : std::nullopt;
}

void read_items(ByteReader& reader, EnipMessage& out) {
  static constexpr std::uint16_t items_most = 64;
  const std::uint16_t count = reader.u16_little();
  for (std::uint16_t i = 0; i < std::min(count, items_most) && reader.ok(); ++i) {
    const std::uint16_t type = reader.u16_little();
    const auto data = reader.take(reader.u16_little());
    if (!reader.ok()) break;
    if (type == item::identity && !out.identity) out.identity = read_identity(data);
    else if (type == item::services && !out.services) out.services = read_services(data);
    else if (type == item::unconnected && !out.cip) out.cip = read_cip(data);
    else if (type == item::connected && !out.cip && data.size() > 2) out.cip = read_cip(data.subspan(2));
  }
  out.malformed = !reader.ok();
}

}  // namespace

std::span<const EnipName> enip_command_names() noexcept { return commands; }

std::string_view enip_status_name(std::uint32_t status) noexcept {
  const auto found = std::ranges::find_if(statuses, [&](const EnipName& each) { return each.number == status; });
  return found == statuses.end() ? std::string_view{} : found->name;
}

std::string_view enip_vendor_name(std::uint16_t vendor) noexcept {
  const auto found = std::ranges::find(vendors, vendor, &EnipName::number);
  return found == vendors.end() ? std::string_view{} : found->name;
}

EnipHeader parse_enip_header(Bytes bytes) noexcept {
  ByteReader reader(bytes);
  EnipHeader out;
  out.command = reader.u16_little();
  out.length = reader.u16_little();
  out.session = reader.u32_little();
  out.status = reader.u32_little();
  return out;
}

EnipMessage parse_enip(Bytes bytes, bool response) {
  EnipMessage out;
  out.header = parse_enip_header(bytes);
  ByteReader reader(bytes.subspan(EnipHeader::size));
  switch (out.header.command) {
    case 0x04:
    case 0x63:
      if (response && reader.remaining() > 0) read_items(reader, out);
      break;
    case 0x6F:
    case 0x70:
      if (reader.remaining() == 0) break;
      reader.skip(6);  // interface handle, time-out
      read_items(reader, out);
      break;
    default: break;
  }
  return out;
}

}  // namespace tocsin::collectors
