#pragma once
// Hides secrets in a line before anything is kept of it (DESIGN section 4.8): values of password=, token=, api_key= and
// their kin, Authorization and Cookie headers, --password options, JSON members of those names, user:password@ in URLs.
// In place, byte for byte, so that offsets and decoding stay as they were.
//
// A value that holds the marks of an injection (quotes, brackets, white space or ../, plain or percent-encoded) is an
// attack sent through that parameter and not somebody's secret: it is left for the rules to see.

#include <cstddef>
#include <cstdint>
#include <span>

namespace tocsin::collectors {

enum class Masking : std::uint8_t { off, on };

// Number of values masked. Linear in the length of the text.
std::size_t mask_secrets(std::span<char> text) noexcept;

}  // namespace tocsin::collectors
