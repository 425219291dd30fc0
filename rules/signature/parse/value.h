#pragma once
// Option values → typed: quoted text, content bytes with |hex| and escapes, numbers. Suricata documentation, "Payload
// Keywords". All return nothing when the text is not of the form; none allocates more than the input's size.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tocsin::rules::signature {

// `!"text"` → text; a missing pair of quotes is allowed, one alone is not.
struct Quoted {
  std::string_view text;
  bool negated = false;
  bool quoted = false;
};
std::optional<Quoted> parse_quoted(std::string_view value) noexcept;

// Content notation: backslash before ; : " \ stands for the character itself, |41 42| for bytes.
std::optional<std::vector<std::uint8_t>> parse_content(std::string_view text);

// Removes the backslash of \; \" \\ \: (msg and the like).
std::string unescape(std::string_view text);

// Comma-separated items, trimmed; commas inside quotes do not separate.
std::vector<std::string_view> split_items(std::string_view text, char separator = ',');

// Decimal, 0x hexadecimal; whole text, optional sign.
std::optional<std::int64_t> parse_number(std::string_view text) noexcept;

// "<10", ">10", "!=10", "10-20", "10<>20", "=10", "10", "&0xc0=0x80": the comparison most numeric keywords share. A
// number may end in kb, mb or gb: powers of 1024.
struct NumberRange {
  enum class Kind : std::uint8_t {
    equal,
    not_equal,
    less,
    less_equal,
    greater,
    greater_equal,
    between,
    outside,
    masked,      // value & high is low
    not_masked,  // value & high is something else
  };
  Kind kind = Kind::equal;
  std::int64_t low = 0;
  std::int64_t high = 0;
  // Suricata's a-b and a<>b exclude both ends for most keywords, some include them.
  bool inclusive = false;

  bool holds(std::int64_t value) const noexcept;
};
enum class RangeEnds : std::uint8_t { exclusive, inclusive };
std::optional<NumberRange> parse_range(std::string_view text, RangeEnds ends = RangeEnds::exclusive) noexcept;

}  // namespace tocsin::rules::signature
