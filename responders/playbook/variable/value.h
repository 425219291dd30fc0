#pragma once
// Typed values of playbook variables (CACAO 2.0 section 10.18). A value is checked against its type before anything
// sees it, so that no later stage has to re-read text. Values only; any thread.

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "collectors/base/address.h"
#include "collectors/base/result.h"

namespace tocsin::responders {

enum class VariableType : std::uint8_t {
  boolean,
  dictionary,
  real,
  hexstring,
  integer,
  ipv4,
  ipv6,
  long_integer,
  mac,
  hash,
  md5,
  sha256,
  string,
  uri,
  uuid
};
// As the vocabulary spells it: "bool", "ipv4-addr", "md5-hash". The vocabulary is open: nothing for other words.
std::optional<VariableType> parse_variable_type(std::string_view name) noexcept;
std::string_view variable_type_name(VariableType type) noexcept;

// "__name__": a letter first, then letters, digits, '_' or '-'; at most 250 characters with the underscores.
bool is_variable_name(std::string_view name) noexcept;

struct Value {
  VariableType type = VariableType::string;
  std::string text;  // canonical for addresses, numbers, digests (lower case); as given otherwise
  std::variant<std::monostate, bool, std::int64_t, double, Network> native;

  friend bool operator==(const Value&, const Value&) = default;
};

inline constexpr std::size_t value_bytes_most = 64U << 10U;

// invalid: the text is not of the type. IPv4 and IPv6 take a prefix ("10.0.0.0/8") too, without host bits.
Result<Value> parse_value(VariableType type, std::string_view text);

// Numbers by size, addresses by bytes, digests without case, everything else by bytes. Unordered when the two have
// nothing in common (a number and a word).
std::partial_ordering compare(const Value& left, const Value& right);

// A literal of a condition or parameter, read the way `wanted` asks; nothing if it cannot be.
std::optional<Value> adapt(std::string_view text, VariableType wanted);

}  // namespace tocsin::responders
