#pragma once
// Byte-level transformations behind the encoding modifiers.

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace tocsin::rules::sigma {

enum class Utf16 { little, big, marked };  // marked: byte order mark FF FE, then little endian
std::string to_utf16(std::string_view utf8, Utf16 form);
// The three ways `bytes` can show inside base64 of something longer, without the characters that depend on neighbours.
std::array<std::string, 3> base64_offsets(std::string_view bytes);
// Every `-` or `/` that starts an option (not after a word character, followed by one) as each of - / – — ―. The order
// is that of the tools: by first dash, then the second, …. Nothing when there would be more than `most`.
std::vector<std::string> dash_variants(std::string_view text, std::size_t most);

}  // namespace tocsin::rules::sigma
