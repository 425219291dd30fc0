#pragma once
// The Internet checksum (RFC 1071). One pass, 8 bytes at a time.

#include <cstdint>

#include "collectors/base/address.h"
#include "collectors/base/bytes.h"

namespace tocsin::collectors {

// The folded sum of all 16-bit words, `initial` added; 0xFFFF for data that carries its right checksum.
std::uint16_t checksum_sum(Bytes bytes, std::uint64_t initial = 0) noexcept;
// Sum of the pseudo header that TCP, UDP and ICMPv6 cover, to be given as `initial`.
std::uint64_t pseudo_header_sum(const IpAddress& source, const IpAddress& destination, std::uint8_t protocol,
                                std::size_t length) noexcept;

}  // namespace tocsin::collectors
