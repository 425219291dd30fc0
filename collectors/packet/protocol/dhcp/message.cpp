#include "collectors/packet/protocol/dhcp/message.h"

#include <algorithm>

namespace tocsin::collectors {

namespace {

constexpr std::size_t options_most = 256;
constexpr std::uint32_t magic = 0x63825363;

bool fits(const DhcpOption& option) noexcept {
  namespace code = dhcp_option;
  switch (option.code) {
    case code::type:
    case code::overload: return option.data.size() == 1;
    case code::lease_time:
    case code::renewal_time:
    case code::rebinding_time:
    case code::subnet_mask:
    case code::requested_ip: return option.data.size() == 4;
    case code::router:
    case code::dns_server: return option.data.size() % 4 == 0;
    case code::client_id: return option.data.size() >= 2;
    default: return true;
  }
}

// False: the end was not found.
bool read_options(DhcpMessage& message, Bytes bytes) {
  ByteReader reader(bytes);
  while (reader.remaining() != 0 && message.options.size() < options_most) {
    DhcpOption option;
    option.code = reader.u8();
    if (option.code == dhcp_option::pad) continue;
    if (option.code == dhcp_option::end) return true;
    const Bytes data = reader.take(reader.u8());
    if (!reader.ok()) return false;
    option.data.assign(data.begin(), data.end());
    if (fits(option)) message.options.push_back(std::move(option));
    else message.malformed = true;
  }
  return false;
}

}  // namespace

const DhcpOption* DhcpMessage::option(std::uint8_t code) const noexcept {
  const auto found = std::ranges::find(options, code, &DhcpOption::code);
  return found == options.end() ? nullptr : &*found;
}

std::optional<std::uint32_t> DhcpMessage::number(std::uint8_t code) const noexcept {
  const auto* found = option(code);
  if (found == nullptr || found->data.size() != 4) return std::nullopt;
  return ByteReader(found->data).u32();
}

std::optional<DhcpMessage> parse_dhcp(Bytes bytes) {
  ByteReader reader(bytes);
  DhcpMessage message;
  message.operation = reader.u8();
  reader.skip(1);  // kind of hardware
  message.hardware_length = reader.u8();
  reader.skip(1);  // hops
  message.id = reader.u32();
  reader.skip(4);  // seconds, flags
  for (auto* address : {&message.client, &message.assigned, &message.next_server, &message.relay})
    std::ranges::copy(reader.take(4), address->begin());
  std::ranges::copy(reader.take(16), message.hardware.begin());
  const Bytes server_name = reader.take(64);
  const Bytes boot_file = reader.take(128);
  const bool cookie = reader.u32() == magic;
  const bool known = message.operation == DhcpMessage::request || message.operation == DhcpMessage::reply;
  if (!reader.ok() || !cookie || !known || message.hardware_length > 16) return std::nullopt;
  message.truncated = !read_options(message, reader.rest());
  // Options may go on in fields that would be empty otherwise (RFC 2132, section 9.3).
  if (const auto* overload = message.option(dhcp_option::overload)) {
    const auto where = overload->data[0];
    if ((where & 1U) != 0) read_options(message, boot_file);
    if ((where & 2U) != 0) read_options(message, server_name);
  }
  return message;
}

std::string_view dhcp_type_name(std::uint8_t type) noexcept {
  static constexpr std::array<std::string_view, 9> names{"",    "discover", "offer",   "request", "decline",
                                                         "ack", "nak",      "release", "inform"};
  return type < names.size() ? names[type] : std::string_view{};
}

std::string_view dhcp_parameter_name(std::uint8_t code) noexcept {
  switch (code) {
    case dhcp_option::subnet_mask: return "subnet_mask";
    case dhcp_option::router: return "router";
    case dhcp_option::dns_server: return "dns_server";
    case 15: return "domain";
    case 35: return "arp_timeout";
    case 42: return "ntp_server";
    case 66: return "tftp_server_name";
    case 150: return "tftp_server_ip";
    default: return {};
  }
}

}  // namespace tocsin::collectors
