#include "responders/playbook/signature/canonical.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string_view>
#include <vector>

#include "collectors/base/text.h"
#include "collectors/base/utf8.h"

namespace tocsin::responders {
namespace {

using Kind = JsonNode::Kind;

void append_string(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\b': out += "\\b"; break;
      case '\t': out += "\\t"; break;
      case '\n': out += "\\n"; break;
      case '\f': out += "\\f"; break;
      case '\r': out += "\\r"; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
        else out += c;
    }
  }
  out += '"';
}

// ECMAScript Number::toString: `digits` are the shortest that read back as the number, the point stands after
// `point` of them.
std::string place_point(std::string digits, int point) {
  const int count = static_cast<int>(digits.size());
  if (count <= point && point <= 21) return digits + std::string(static_cast<std::size_t>(point - count), '0');
  if (0 < point && point <= 21) {
    digits.insert(static_cast<std::size_t>(point), 1, '.');
    return digits;
  }
  if (-6 < point && point <= 0) return "0." + std::string(static_cast<std::size_t>(-point), '0') + digits;
  if (count > 1) digits.insert(1, 1, '.');
  return fmt::format("{}e{}{}", digits, point - 1 < 0 ? '-' : '+', std::abs(point - 1));
}

Result<std::string> number_text(const JsonNode& node) {
  double number = 0;
  const char* const end = node.text.data() + node.text.size();
  const auto read = std::from_chars(node.text.data(), end, number);
  // from_chars calls both what is too large and what is too small out of range; the second is 0.
  if (read.ec == std::errc::result_out_of_range) number = std::strtod(node.text.c_str(), nullptr);
  else if (read.ec != std::errc{} || read.ptr != end) return fail(Code::invalid, "not a number: " + node.text);
  if (!std::isfinite(number)) return fail(Code::invalid, "a number too large for a signature: " + node.text);
  constexpr std::int64_t whole_most = 1LL << 53U;
  const auto whole = node.is(Kind::integer) ? parse_signed(node.text) : std::optional<std::int64_t>(0);
  if (!whole || *whole > whole_most || *whole < -whole_most)
    return fail(Code::invalid, "a whole number beyond 2^53 cannot be signed; write it as text: " + node.text);
  if (number == 0) return std::string("0");
  char buffer[64];
  const auto written = std::to_chars(buffer, buffer + sizeof buffer, std::abs(number), std::chars_format::scientific);
  const std::string_view text(buffer, static_cast<std::size_t>(written.ptr - buffer));
  const std::size_t e = text.find('e');
  std::string digits(text.substr(0, e));
  if (digits.size() > 1) digits.erase(1, 1);
  const int exponent =
      static_cast<int>(parse_signed(text[e + 1] == '+' ? text.substr(e + 2) : text.substr(e + 1)).value_or(0));
  return (number < 0 ? "-" : "") + place_point(std::move(digits), exponent + 1);
}

// Code points above the Basic Multilingual Plane begin with a surrogate, so they come before U+E000 … U+FFFF.
bool before(std::string_view left, std::string_view right) {
  while (!left.empty() && !right.empty()) {
    const auto a = next_code_point(left);
    const auto b = next_code_point(right);
    if (a.value != b.value) {
      const bool high_a = a.value >= 0x10000;
      const bool high_b = b.value >= 0x10000;
      if (high_a == high_b) return a.value < b.value;
      return high_a ? b.value >= 0xE000 : a.value < 0xD800;
    }
    left.remove_prefix(std::max<std::size_t>(a.length, 1));
    right.remove_prefix(std::max<std::size_t>(b.length, 1));
  }
  return left.size() < right.size();
}

Result<void> append(std::string& out, const JsonNode& node);

Result<void> append_object(std::string& out, const JsonNode& node) {
  std::vector<const JsonMember*> order;
  order.reserve(node.members.size());
  for (const JsonMember& member : node.members) order.push_back(&member);
  std::sort(order.begin(), order.end(),
            [](const JsonMember* a, const JsonMember* b) { return before(a->name, b->name); });
  out += '{';
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (i != 0) out += ',';
    append_string(out, order[i]->name);
    out += ':';
    TOCSIN_CHECK(append(out, order[i]->value));
  }
  out += '}';
  return {};
}

// Depth is capped by the reader.
Result<void> append(std::string& out, const JsonNode& node) {
  switch (node.kind) {
    case Kind::null: out += "null"; return {};
    case Kind::boolean: out += node.boolean ? "true" : "false"; return {};
    case Kind::string: append_string(out, node.text); return {};
    case Kind::object: return append_object(out, node);
    case Kind::integer:
    case Kind::real: {
      TOCSIN_TRY(const std::string text, number_text(node));
      out += text;
      return {};
    }
    case Kind::array: break;
  }
  out += '[';
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    if (i != 0) out += ',';
    TOCSIN_CHECK(append(out, node.items[i]));
  }
  out += ']';
  return {};
}

}  // namespace

Result<std::string> canonical_json(const JsonNode& node) {
  std::string out;
  TOCSIN_CHECK(append(out, node));
  return out;
}

}  // namespace tocsin::responders
