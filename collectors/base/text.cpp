#include "collectors/base/text.h"

#include <charconv>

#include <fmt/format.h>

#include "collectors/base/utf8.h"

namespace tocsin {

std::string lower_ascii(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = to_lower_ascii(c);
  return out;
}

bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (to_lower_ascii(a[i]) != to_lower_ascii(b[i])) return false;
  return true;
}

std::string_view trim(std::string_view text) noexcept {
  constexpr std::string_view blank = " \t\r\n\v\f";
  const auto first = text.find_first_not_of(blank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blank) - first + 1);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  std::size_t start = 0;
  for (;;) {
    const auto end = text.find(separator, start);
    parts.push_back(text.substr(start, end == std::string_view::npos ? end : end - start));
    if (end == std::string_view::npos) return parts;
    start = end + 1;
  }
}

std::string escape_terminal(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const auto [length, point] = next_code_point(text);
    if (length == 0) {
      out += fmt::format("\\x{:02x}", static_cast<std::uint8_t>(text[0]));
      text.remove_prefix(1);
      continue;
    }
    if (!is_control(point)) out += text.substr(0, length);
    else if (point < 0xA0) out += fmt::format("\\x{:02x}", static_cast<unsigned>(point));
    else out += fmt::format("\\u{{{:04x}}}", static_cast<unsigned>(point));
    text.remove_prefix(length);
  }
  return out;
}

std::string escape_html(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out += c;
    }
  }
  return out;
}

std::string escape_csv(std::string_view text) {
  std::string body;
  if (!text.empty() && std::string_view("=+-@\t\r").find(text[0]) != std::string_view::npos) body += '\'';
  bool quote = false;
  for (const char c : text) {
    if (c == '"') body += '"';
    if (c == '"' || c == ',' || c == '\n' || c == '\r') quote = true;
    body += c;
  }
  return quote ? '"' + body + '"' : body;
}

std::string to_hex(const std::uint8_t* data, std::size_t size) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out(size * 2, '0');
  for (std::size_t i = 0; i < size; ++i) {
    out[2 * i] = digits[data[i] >> 4];
    out[2 * i + 1] = digits[data[i] & 0x0F];
  }
  return out;
}

std::optional<std::vector<std::uint8_t>> parse_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::vector<std::uint8_t> out(text.size() / 2);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const char* first = text.data() + 2 * i;
    const auto [end, error] = std::from_chars(first, first + 2, out[i], 16);
    if (error != std::errc() || end != first + 2) return std::nullopt;
  }
  return out;
}

namespace {

template <class Number>
std::optional<Number> parse_whole(std::string_view text) noexcept {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return number;
}

}  // namespace

std::optional<std::uint64_t> parse_unsigned(std::string_view text) noexcept { return parse_whole<std::uint64_t>(text); }
std::optional<std::int64_t> parse_signed(std::string_view text) noexcept { return parse_whole<std::int64_t>(text); }
std::optional<double> parse_real(std::string_view text) noexcept { return parse_whole<double>(text); }

std::optional<std::uint64_t> parse_byte_size(std::string_view text) noexcept {
  text = trim(text);
  const auto digits = text.find_first_not_of("0123456789");
  const auto number = parse_unsigned(text.substr(0, digits));
  if (!number) return std::nullopt;
  if (digits == std::string_view::npos) return number;
  struct Unit {
    std::string_view name;
    std::uint64_t factor;
  };
  static constexpr Unit units[] = {{"b", 1},          {"kib", 1ULL << 10}, {"kb", 1000},
                                   {"k", 1ULL << 10}, {"mib", 1ULL << 20}, {"mb", 1000000},
                                   {"m", 1ULL << 20}, {"gib", 1ULL << 30}, {"gb", 1000000000},
                                   {"g", 1ULL << 30}, {"tib", 1ULL << 40}, {"tb", 1000000000000},
                                   {"t", 1ULL << 40}};
  const auto unit = trim(text.substr(digits));
  for (const auto& u : units) {
    if (!equals_ignoring_case(u.name, unit)) continue;
    if (*number > UINT64_MAX / u.factor) return std::nullopt;
    return *number * u.factor;
  }
  return std::nullopt;
}

}  // namespace tocsin
