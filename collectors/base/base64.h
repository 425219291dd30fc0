#pragma once
// Base64 (RFC 4648 section 4), with padding. Pure; any thread.

#include <optional>
#include <string>
#include <string_view>

namespace tocsin {

std::string to_base64(std::string_view bytes);
// Strict: nothing for any other character, wrong padding or bits left over.
std::optional<std::string> parse_base64(std::string_view text);

}  // namespace tocsin
