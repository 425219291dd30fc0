#pragma once
// Text as it crosses a border: to a terminal, or compared without case. ASCII rules unless said.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tocsin {

constexpr char to_lower_ascii(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

std::string lower_ascii(std::string_view text);
bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept;
std::string_view trim(std::string_view text) noexcept;
std::vector<std::string_view> split(std::string_view text, char separator);

// Control characters (C0, DEL, C1) and bytes that are not UTF-8 become \xNN; bidirectional overrides become \u{NNNN}.
// Newline and tab are escaped too: one value stays one line.
std::string escape_terminal(std::string_view text);
// For text and attribute positions: & < > " '
std::string escape_html(std::string_view text);
// RFC 4180 quoting; a leading = + - @ tab or CR gets a quote mark so that no spreadsheet runs it.
std::string escape_csv(std::string_view text);

std::string to_hex(const std::uint8_t* data, std::size_t size);
std::optional<std::vector<std::uint8_t>> parse_hex(std::string_view text);

// Whole text must be the number.
std::optional<std::uint64_t> parse_unsigned(std::string_view text) noexcept;
std::optional<std::int64_t> parse_signed(std::string_view text) noexcept;
std::optional<double> parse_real(std::string_view text) noexcept;

// "64MiB", "10 GB", "512" (bytes) → bytes.
std::optional<std::uint64_t> parse_byte_size(std::string_view text) noexcept;

}  // namespace tocsin
