#include "rules/signature/parse/value.h"

#include <charconv>

#include "collectors/base/text.h"

namespace tocsin::rules::signature {
namespace {

int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::optional<Quoted> parse_quoted(std::string_view value) noexcept {
  Quoted out;
  value = trim(value);
  if (value.starts_with('!')) {
    out.negated = true;
    value = trim(value.substr(1));
  }
  const bool opens = value.starts_with('"');
  const bool closes = value.size() > 1 && value.ends_with('"');
  if (opens != closes) return std::nullopt;
  if (opens) {
    value = value.substr(1, value.size() - 2);
    out.quoted = true;
  }
  out.text = value;
  return out;
}

std::optional<std::vector<std::uint8_t>> parse_content(std::string_view text) {
  std::vector<std::uint8_t> bytes;
  bytes.reserve(text.size());
  bool hex = false;
  int high = -1;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '|') {
      if (high >= 0) return std::nullopt;
      hex = !hex;
    } else if (hex) {
      if (c == ' ') continue;
      const int digit = hex_digit(c);
      if (digit < 0) return std::nullopt;
      if (high < 0) high = digit;
      else {
        bytes.push_back(static_cast<std::uint8_t>(high * 16 + digit));
        high = -1;
      }
    } else if (c == '\\') {
      if (++i >= text.size()) return std::nullopt;
      const char escaped = text[i];
      if (escaped != ';' && escaped != ':' && escaped != '"' && escaped != '\\' && escaped != '|') return std::nullopt;
      bytes.push_back(static_cast<std::uint8_t>(escaped));
    } else {
      bytes.push_back(static_cast<std::uint8_t>(c));
    }
  }
  if (hex) return std::nullopt;
  return bytes;
}

std::string unescape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) {
      const char next = text[i + 1];
      if (next == ';' || next == '"' || next == '\\' || next == ':') ++i;
    }
    out += text[i];
  }
  return out;
}

std::vector<std::string_view> split_items(std::string_view text, char separator) {
  std::vector<std::string_view> items;
  bool quoted = false;
  std::size_t start = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && text[i] == '"' && (i == 0 || text[i - 1] != '\\')) quoted = !quoted;
    if (i == text.size() || (text[i] == separator && !quoted)) {
      items.push_back(trim(text.substr(start, i - start)));
      start = i + 1;
    }
  }
  return items;
}

std::optional<std::int64_t> parse_number(std::string_view text) noexcept {
  text = trim(text);
  bool negative = false;
  if (text.starts_with('-') || text.starts_with('+')) {
    negative = text.front() == '-';
    text.remove_prefix(1);
  }
  int base = 10;
  if (text.starts_with("0x") || text.starts_with("0X")) {
    base = 16;
    text.remove_prefix(2);
  }
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  // Values above the signed range wrap, as byte_test on eight bytes needs them.
  return static_cast<std::int64_t>(negative ? 0 - value : value);
}

bool NumberRange::holds(std::int64_t value) const noexcept {
  switch (kind) {
    case Kind::equal: return value == low;
    case Kind::not_equal: return value != low;
    case Kind::less: return value < low;
    case Kind::less_equal: return value <= low;
    case Kind::greater: return value > low;
    case Kind::greater_equal: return value >= low;
    case Kind::between: return inclusive ? value >= low && value <= high : value > low && value < high;
    case Kind::outside: return inclusive ? value < low || value > high : value <= low || value >= high;
    case Kind::masked: return (value & high) == low;
    case Kind::not_masked: return (value & high) != low;
  }
  return false;
}

namespace {

// A number that may carry a unit: "10kb", "1MiB".
std::optional<std::int64_t> parse_amount(std::string_view text) noexcept {
  text = trim(text);
  struct Unit {
    std::string_view name;
    int shift;
  };
  static constexpr Unit units[] = {{"kib", 10}, {"mib", 20}, {"gib", 30}, {"kb", 10}, {"mb", 20}, {"gb", 30}};
  const bool hexadecimal = text.starts_with("0x") || text.starts_with("0X");  // there b is a digit
  for (const auto& unit : units) {
    if (hexadecimal || text.size() <= unit.name.size()) continue;
    const auto tail = text.substr(text.size() - unit.name.size());
    if (!equals_ignoring_case(tail, unit.name)) continue;
    const auto number = parse_number(text.substr(0, text.size() - tail.size()));
    if (!number || *number < 0 || *number >= std::int64_t{1} << 32) return std::nullopt;
    return *number << unit.shift;
  }
  return parse_number(text);
}

// "&0xc0=0x80", "&0xc0!=0"
std::optional<NumberRange> parse_mask(std::string_view text) noexcept {
  const auto sign = text.find('=');
  if (sign == std::string_view::npos) return std::nullopt;
  const bool negated = sign > 0 && text[sign - 1] == '!';
  const auto mask = parse_number(text.substr(1, sign - 1 - (negated ? 1 : 0)));
  const auto value = parse_number(text.substr(sign + 1));
  // What the mask takes away can never be equal to the rest.
  if (!mask || !value || (*value & ~*mask) != 0) return std::nullopt;
  NumberRange out;
  out.kind = negated ? NumberRange::Kind::not_masked : NumberRange::Kind::masked;
  out.low = *value;
  out.high = *mask;
  return out;
}

}  // namespace

std::optional<NumberRange> parse_range(std::string_view text, RangeEnds ends) noexcept {
  using Kind = NumberRange::Kind;
  NumberRange out;
  out.inclusive = ends == RangeEnds::inclusive;
  text = trim(text);
  if (text.starts_with('&')) return parse_mask(text);
  struct Prefix {
    std::string_view text;
    Kind kind;
  };
  static constexpr Prefix prefixes[] = {{"<=", Kind::less_equal}, {">=", Kind::greater_equal}, {"!=", Kind::not_equal},
                                        {"<", Kind::less},        {">", Kind::greater},        {"=", Kind::equal}};
  for (const auto& prefix : prefixes) {
    if (!text.starts_with(prefix.text)) continue;
    const auto number = parse_amount(text.substr(prefix.text.size()));
    if (!number) return std::nullopt;
    out.kind = prefix.kind;
    out.low = *number;
    return out;
  }
  bool negated = text.starts_with('!');
  if (negated) text = trim(text.substr(1));
  for (const std::string_view separator : {std::string_view("<>"), std::string_view("-")}) {
    const auto place = text.find(separator, 1);
    if (place == std::string_view::npos) continue;
    const auto low = parse_amount(text.substr(0, place));
    const auto high = parse_amount(text.substr(place + separator.size()));
    if (!low || !high || *low > *high) return std::nullopt;
    out.kind = negated ? Kind::outside : Kind::between;
    out.low = *low;
    out.high = *high;
    return out;
  }
  const auto number = parse_amount(text);
  if (!number) return std::nullopt;
  out.kind = negated ? Kind::not_equal : Kind::equal;
  out.low = *number;
  return out;
}

}  // namespace tocsin::rules::signature
