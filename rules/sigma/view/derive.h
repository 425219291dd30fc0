#pragma once
// Small functions between an event field and what rules expect in it.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tocsin::rules::sigma {

enum class Derivation : std::uint8_t {
  none,
  percent_decode,  // once; + stays
  basename,        // after the last slash
  extension,       // of the last path segment, without the dot
  strip_query,     // before the first ?
  query,           // after the first ?
  trim_hex,        // 0x001fff → 0x1fff
  lower,
  initiated,  // outbound → true, inbound → false
  target,     // http://host/path?query → /path?query
  accepted,   // success → accept, failure → deny
  blocked,    // success → false, failure → true
};

std::optional<Derivation> parse_derivation(std::string_view name);
// False when there is nothing to give.
bool derive(Derivation derivation, std::string_view text, std::string& out);

}  // namespace tocsin::rules::sigma
