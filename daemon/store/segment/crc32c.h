#pragma once
// CRC-32C (Castagnoli, RFC 3720 appendix B.4), as frames of event segments carry it. Finds torn and rotten bytes; it is
// no protection against a person.

#include <cstdint>

#include "collectors/base/bytes.h"

namespace tocsin::daemon {

// `before` is the CRC of what came before, to go on from.
std::uint32_t crc32c(Bytes bytes, std::uint32_t before = 0) noexcept;

}  // namespace tocsin::daemon
