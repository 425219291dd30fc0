#pragma once
// Parts of a host name by the public suffix list (publicsuffix.org), as libpsl carries it. Pure; names longer than a
// host name can be have no parts.

#include <cstdint>
#include <vector>

#include "collectors/base/bytes.h"

namespace tocsin::rules::signature {

// Of "www.example.co.uk": example.co.uk, co.uk.
enum class NamePart : std::uint8_t { domain, suffix };

// Appends the part; nothing for a name that is itself a suffix.
void registered_name(Bytes name, NamePart part, std::vector<std::uint8_t>& out);

}  // namespace tocsin::rules::signature
