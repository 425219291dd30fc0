#pragma once
// Reading Base64 (RFC 4648 section 4) with padding, as CACAO and STIX literals carry it.

#include <optional>
#include <string>
#include <string_view>

namespace tocsin::responders {

// Nothing for any other character, wrong padding or bits left over.
std::optional<std::string> parse_base64(std::string_view text);

}  // namespace tocsin::responders
