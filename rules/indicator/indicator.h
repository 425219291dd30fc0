#pragma once
// What a list says about one value. A value is kept in one canonical form, its key, so that two spellings of it are one
// indicator and what an event holds is found by hashing.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "collectors/base/time.h"
#include "rules/marking.h"

namespace tocsin::rules::indicator {

enum class Kind : std::uint8_t {
  address,   // key: 4 or 16 bytes
  network,   // 4 or 16 bytes, then the prefix
  endpoint,  // an address and a port: 4 or 16 bytes, then 2
  domain,    // lower-case text without a dot at its end; other scripts as punycode
  url,       // canonical text (url.h)
  md5,       // bytes; JA3 fingerprints are MD5 as well
  sha1,      // of files, and of certificates
  sha256,
  ja4,  // lower-case text
};
inline constexpr std::size_t kinds = 9;
std::string_view kind_name(Kind kind) noexcept;
std::optional<Kind> parse_kind(std::string_view name) noexcept;

// How far a domain reaches.
enum class Reach : std::uint8_t { exact, subdomains };

// Seconds since 1970; 0 stands for "no bound".
using Second = std::uint32_t;
Second to_second(Time time) noexcept;  // clamped to what fits, at least 1

struct ListedValue {
  Kind kind = Kind::address;
  std::string key;
  Reach reach = Reach::exact;
};

// One statement of a list about one value; texts hold as long as the source.
struct Statement {
  ListedValue value;
  std::uint32_t line = 0;
  std::optional<std::uint8_t> confidence;  // 0-100
  Tlp tlp = Tlp::none;
  Second from = 0;
  Second until = 0;
  std::string_view title;      // what it is about: a campaign, a family
  std::string_view reference;  // a link or the id of the indicator at its source
  std::string_view origin;     // who says so, where the list names him: a column, an author, an organisation
};

// What a key stands for, as people write it.
std::string render_value(Kind kind, std::string_view key);

}  // namespace tocsin::rules::indicator
