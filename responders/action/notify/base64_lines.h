#pragma once
// Base64 for mail (RFC 2045 section 6.8). Pure.

#include <string>
#include <string_view>

namespace tocsin::responders {

std::string base64_lines(std::string_view bytes);  // 76 characters a line, each ended by CRLF

}  // namespace tocsin::responders
