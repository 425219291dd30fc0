#pragma once
// A message of DHCP for IPv4 (RFC 2131) and its options (RFC 2132).

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "collectors/base/bytes.h"

namespace tocsin::collectors {

namespace dhcp_option {
inline constexpr std::uint8_t pad = 0, subnet_mask = 1, router = 3, dns_server = 6, host_name = 12, requested_ip = 50,
                              lease_time = 51, overload = 52, type = 53, parameters = 55, renewal_time = 58,
                              rebinding_time = 59, vendor_class = 60, client_id = 61, end = 255;
}

struct DhcpOption {
  std::uint8_t code = 0;
  std::vector<std::uint8_t> data;
};

struct DhcpMessage {
  static constexpr std::uint8_t request = 1, reply = 2;
  std::uint8_t operation = 0;
  std::uint8_t hardware_length = 0;
  std::uint32_t id = 0;
  std::array<std::uint8_t, 4> client{}, assigned{}, next_server{}, relay{};
  std::array<std::uint8_t, 16> hardware{};
  std::vector<DhcpOption> options;
  bool malformed = false;  // an option of a length that it cannot have
  bool truncated = false;  // no end of the options

  const DhcpOption* option(std::uint8_t code) const noexcept;
  // The value of an option that is a number.
  std::optional<std::uint32_t> number(std::uint8_t code) const noexcept;
};

// Nothing when it is no such message at all.
std::optional<DhcpMessage> parse_dhcp(Bytes bytes);
std::string_view dhcp_type_name(std::uint8_t type) noexcept;
// Of what a client asks for; empty: it is not told of.
std::string_view dhcp_parameter_name(std::uint8_t code) noexcept;

}  // namespace tocsin::collectors
