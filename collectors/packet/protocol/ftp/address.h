#pragma once
// Where a data channel will be, as FTP writes it: PORT and 227 (RFC 959), EPRT and 229 (RFC 2428). Any input is safe.

#include <cstdint>
#include <optional>
#include <string_view>

#include "collectors/base/address.h"

namespace tocsin::collectors {

struct FtpEndpoint {
  IpAddress address;  // nothing in 229: the server's own
  std::uint16_t port = 0;
};
// "192,0,2,1,234,10", also inside of other text.
std::optional<FtpEndpoint> parse_ftp_port(std::string_view text) noexcept;
// "|1|192.0.2.1|59914|", "|2|2001:db8::1|59914|", "|||59914|", also inside of other text.
std::optional<FtpEndpoint> parse_ftp_extended_port(std::string_view text) noexcept;

}  // namespace tocsin::collectors
