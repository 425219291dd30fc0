#pragma once
// Which ICMP messages answer each other (RFC 792, RFC 950, RFC 1256, RFC 4443, RFC 4861), as Community ID lists them.

#include <cstdint>
#include <optional>

namespace tocsin::collectors {

// The type of the other half of a request and its answer, for IP protocol 1 or 58; nothing for one-way messages.
std::optional<std::uint8_t> icmp_counterpart(std::uint8_t transport, std::uint8_t type) noexcept;

}  // namespace tocsin::collectors
