#pragma once
// Text → canonical values (indicator.h), as list authors and events write them. Pure.

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "collectors/base/address.h"
#include "collectors/base/result.h"
#include "rules/indicator/indicator.h"

namespace tocsin::rules::indicator {

inline constexpr std::size_t domain_most = 253;
inline constexpr std::size_t url_most = 4096;

// Undoes what keeps a value from being clicked: hxxp, [.], (dot), [:], [at].
std::string refang(std::string_view text);

// A value whose kind is told by its form: an address, a network, an address with a port, a digest in hex, a URL, a
// domain. `reach` is of domains that do not say it themselves ("*.example" and ".example" reach below).
Result<ListedValue> parse_value(std::string_view text, Reach reach);
// One whose kind is known.
Result<ListedValue> parse_value_as(Kind kind, std::string_view text, Reach reach);

ListedValue address_value(const IpAddress& address);
ListedValue endpoint_value(const IpAddress& address, std::uint16_t port);

// Lower case, without the dot at its end, into `out`; empty when the text is no name of a domain. Never allocates.
std::string_view canonical_domain(std::string_view text, std::span<char> out) noexcept;
bool is_domain(std::string_view lower) noexcept;  // letters, digits, - and _ in labels of 1 to 63; not an address

// The canonical form of a URL (no user, no fragment, no default port, host in lower case, at least "/" for a path;
// http and https leave their scheme away, others keep it), into `out`; empty when it is none or too long. Without a
// scheme a host must be followed by a path. Never allocates.
std::string_view canonical_url(std::string_view text, std::span<char> out) noexcept;
// Of a canonical URL: its host, and what to try when it is not on a list with its query.
std::string_view url_host(std::string_view canonical) noexcept;
std::string_view url_without_query(std::string_view canonical) noexcept;  // empty: has none, or its path is "/"

// Hex digits to bytes; 0 when they are not exactly `out.size()` bytes.
bool parse_digest_into(std::string_view hex, std::span<std::uint8_t> out) noexcept;
// By the number of its digits.
std::optional<Kind> digest_kind(std::size_t hex_digits) noexcept;
std::size_t digest_size(Kind kind) noexcept;  // bytes; 0: no digest
// "t13d1516h2_8daaf6152771_e5627efa2ab1" (https://github.com/FoxIO-LLC/ja4)
bool is_ja4(std::string_view text) noexcept;

}  // namespace tocsin::rules::indicator
