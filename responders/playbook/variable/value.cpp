#include "responders/playbook/variable/value.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "collectors/base/id.h"
#include "collectors/base/text.h"
#include "responders/playbook/json/document.h"

namespace tocsin::responders {
namespace {

constexpr std::array<std::pair<std::string_view, VariableType>, 15> types{{
    {"bool", VariableType::boolean},
    {"dictionary", VariableType::dictionary},
    {"float", VariableType::real},
    {"hexstring", VariableType::hexstring},
    {"integer", VariableType::integer},
    {"ipv4-addr", VariableType::ipv4},
    {"ipv6-addr", VariableType::ipv6},
    {"long", VariableType::long_integer},
    {"mac-addr", VariableType::mac},
    {"hash", VariableType::hash},
    {"md5-hash", VariableType::md5},
    {"sha256-hash", VariableType::sha256},
    {"string", VariableType::string},
    {"uri", VariableType::uri},
    {"uuid", VariableType::uuid},
}};

bool is_hex(std::string_view text) noexcept {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  });
}

bool is_letter(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

bool is_mac(std::string_view text) noexcept {
  if (text.size() != 17) return false;
  const char separator = text[2];
  if (separator != ':' && separator != '-') return false;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (i % 3 == 2 ? text[i] != separator : !is_hex(text.substr(i, 1))) return false;
  return true;
}

// RFC 3986 scheme and colon, and no character that no URI may hold.
bool is_uri(std::string_view text) noexcept {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 || !is_letter(text[0])) return false;
  for (const char c : text.substr(0, colon))
    if (!is_letter(c) && !is_digit(c) && c != '+' && c != '-' && c != '.') return false;
  return std::none_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) <= 0x20 || c == '\x7f' || c == '<' || c == '>' || c == '"';
  });
}

Result<Value> refused(VariableType type, std::string_view text) {
  return fail(Code::invalid,
              fmt::format("\"{}\" is not a value of type {}", text.substr(0, 100), variable_type_name(type)));
}

std::optional<Value> parse_number(VariableType type, std::string_view text) {
  if (type == VariableType::real) {
    const auto number = parse_real(text);
    if (!number) return std::nullopt;
    return Value{type, std::string(text), *number};
  }
  const auto number = parse_signed(text);
  if (!number) return std::nullopt;
  if (type == VariableType::integer && (*number < INT32_MIN || *number > INT32_MAX)) return std::nullopt;
  return Value{type, std::to_string(*number), *number};
}

std::optional<Value> parse_network_value(VariableType type, std::string_view text) {
  const auto network = parse_network(text, HostBits::refuse);
  if (!network || network->base.family() != (type == VariableType::ipv4 ? 4 : 6)) return std::nullopt;
  const bool bare = text.find('/') == std::string_view::npos;
  return Value{type, bare ? render_address(network->base) : render_network(*network), *network};
}

std::optional<Value> parse_digits(VariableType type, std::string_view text) {
  const std::size_t wanted = type == VariableType::md5 ? 32 : type == VariableType::sha256 ? 64 : 0;
  if (!is_hex(text) || (wanted != 0 && text.size() != wanted)) return std::nullopt;
  if (type == VariableType::hexstring && text.size() % 2 != 0) return std::nullopt;
  return Value{type, lower_ascii(text), std::monostate{}};
}

std::optional<Value> try_parse(VariableType type, std::string_view text) {
  switch (type) {
    case VariableType::boolean:
      if (text == "true" || text == "false") return Value{type, std::string(text), text == "true"};
      return std::nullopt;
    case VariableType::real:
    case VariableType::integer:
    case VariableType::long_integer: return parse_number(type, text);
    case VariableType::ipv4:
    case VariableType::ipv6: return parse_network_value(type, text);
    case VariableType::hash:
    case VariableType::md5:
    case VariableType::sha256:
    case VariableType::hexstring: return parse_digits(type, text);
    case VariableType::mac: {
      if (!is_mac(text)) return std::nullopt;
      std::string canonical = lower_ascii(text);
      std::replace(canonical.begin(), canonical.end(), '-', ':');
      return Value{type, std::move(canonical), std::monostate{}};
    }
    case VariableType::uuid:
      if (const auto uuid = parse_uuid(text)) return Value{type, render_uuid(*uuid), std::monostate{}};
      return std::nullopt;
    case VariableType::uri:
      if (!is_uri(text)) return std::nullopt;
      return Value{type, std::string(text), std::monostate{}};
    case VariableType::dictionary: {
      const JsonDocument document = read_json(text);
      if (!document.problems.empty() || !document.root.is(JsonNode::Kind::object)) return std::nullopt;
      return Value{type, std::string(text), std::monostate{}};
    }
    case VariableType::string: return Value{type, std::string(text), std::monostate{}};
  }
  return std::nullopt;
}

std::optional<double> as_real(const Value& value) noexcept {
  if (const auto* real = std::get_if<double>(&value.native)) return *real;
  if (const auto* whole = std::get_if<std::int64_t>(&value.native)) return static_cast<double>(*whole);
  return std::nullopt;
}

bool is_plain_text(VariableType type) noexcept { return type == VariableType::string || type == VariableType::uri; }

}  // namespace

std::optional<VariableType> parse_variable_type(std::string_view name) noexcept {
  for (const auto& [text, type] : types)
    if (text == name) return type;
  return std::nullopt;
}

std::string_view variable_type_name(VariableType type) noexcept { return types[static_cast<std::size_t>(type)].first; }

bool is_variable_name(std::string_view name) noexcept {
  if (name.size() < 5 || name.size() > 250 || !name.starts_with("__") || !name.ends_with("__")) return false;
  const std::string_view inner = name.substr(2, name.size() - 4);
  return is_letter(inner[0]) && std::all_of(inner.begin(), inner.end(),
                                            [](char c) { return is_letter(c) || is_digit(c) || c == '_' || c == '-'; });
}

Result<Value> parse_value(VariableType type, std::string_view text) {
  if (text.size() > value_bytes_most) return fail(Code::exhausted, "the value is longer than 64 KiB");
  if (auto value = try_parse(type, text)) return std::move(*value);
  return refused(type, text);
}

std::partial_ordering compare(const Value& left, const Value& right) {
  if (left.type != right.type) {
    // The side that knows more decides how the other is read.
    if (is_plain_text(left.type) && !is_plain_text(right.type)) {
      const auto adapted = adapt(left.text, right.type);
      return adapted ? compare(*adapted, right) : std::partial_ordering::unordered;
    }
    if (is_plain_text(right.type) && !is_plain_text(left.type)) {
      const auto adapted = adapt(right.text, left.type);
      return adapted ? compare(left, *adapted) : std::partial_ordering::unordered;
    }
  }
  const auto* a = std::get_if<std::int64_t>(&left.native);
  const auto* b = std::get_if<std::int64_t>(&right.native);
  if (a != nullptr && b != nullptr) return *a <=> *b;
  if (const auto x = as_real(left), y = as_real(right); x && y) return *x <=> *y;
  if (const auto *x = std::get_if<Network>(&left.native), *y = std::get_if<Network>(&right.native); x && y)
    return x->base.family() == y->base.family() ? std::partial_ordering(*x <=> *y) : std::partial_ordering::unordered;
  if (left.native.index() != right.native.index()) return std::partial_ordering::unordered;
  return left.text <=> right.text;
}

std::optional<Value> adapt(std::string_view text, VariableType wanted) {
  if (text.size() > value_bytes_most) return std::nullopt;
  if (auto value = try_parse(wanted, text)) return value;
  // "5.5" against an integer is still a comparison of numbers.
  if (wanted == VariableType::integer || wanted == VariableType::long_integer) {
    if (auto whole = try_parse(VariableType::long_integer, text)) return whole;
    return try_parse(VariableType::real, text);
  }
  return std::nullopt;
}

}  // namespace tocsin::responders
