#pragma once
// A message pattern: literal text and typed captures, compiled once into a short program. Immutable, shared by threads.
//
//   Failed {:ident} for {?invalid user ?}{user.name:greedy} from {source:host} port {source.port} {*}
//
// {field:type}   capture; without a type the field's own type decides (address, number, else text)
// {:type}        match and forget; {*} any text; {~} any run of spaces
// {? … ?}        optional; {( a | b )} alternatives; {field:( a | b )} the text of a group
// {{ and }}      braces; \| a bar inside a group
// Types are in capture_types (pattern.cpp). A pattern must match its whole message.

#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/event/field.h"
#include "collectors/log/envelope/stamp.h"

namespace tocsin::collectors {

// How much text a capture takes.
enum class Shape : std::uint8_t {
  word,       // no white space, at least one byte, as little as the rest allows
  text,       // anything, as little as the rest allows
  greedy,     // anything, as much as the rest allows (account names may hold " from ")
  number,     // digits
  integer,    // optional sign
  real,       // decimal
  hex,        // optional 0x
  ident,      // letters, digits, _ . -
  address,    // IPv4 or IPv6, optional brackets and zone
  host,       // address or name
  endpoint,   // address or name with optional :port, #port or (port)
  quoted,     // up to the next quote mark not escaped with a backslash
  spaces,     // any run of spaces and tabs, may be empty
  stamp,      // a time stamp
  expression  // a PCRE2 expression, anchored, with match limits
};

// What becomes of it.
enum class Meaning : std::uint8_t {
  none,
  plain,     // by the field's type
  host,      // base.ip or base.domain, and base.address
  endpoint,  // the same and base.port
  url,       // url.original, url.path, url.query, url.extension
  time,      // when it happened
  pairs,     // key=value pairs under the decoder's key map
  json,      // an object under the decoder's key map
  cef,       // ArcSight CEF after "CEF:"
  leef,      // QRadar LEEF after "LEEF:"
  csv,       // RFC 4180 fields under the decoder's columns
  list,      // comma-separated
  lower      // lower case text
};

struct HostFields {
  Field ip{}, address{}, domain{}, port{};
};

struct Op {
  enum class Kind : std::uint8_t { literal, capture, split, jump, open, close, end } kind = Kind::end;
  Shape shape = Shape::text;
  Meaning meaning = Meaning::none;
  StampForm stamp = StampForm::iso;
  std::uint16_t target = 0;  // split: where to go when the body fails; jump; close: its open; expression: its number
  Field field{};
  HostFields host;
  std::string literal;
  // For word, text, greedy: literals (op numbers) one of which must follow; `anything` when that is not known.
  std::vector<std::uint16_t> follows;
  bool follow_end = false;
  bool anything = false;
};

// A compiled expression; hides PCRE2.
class Expression {
 public:
  static std::expected<Expression, std::string> compile(std::string_view text);
  ~Expression();
  Expression(Expression&&) noexcept;
  Expression& operator=(Expression&&) noexcept;
  // Length of a match at the start of `text`; npos for none or when a limit was reached.
  std::size_t match(std::string_view text) const noexcept;

 private:
  Expression() = default;
  struct State;
  std::unique_ptr<State> state_;
};

struct Pattern {
  std::vector<Op> ops;
  std::vector<Expression> expressions;
  // Bytes a match can begin with; all when it begins with a capture.
  std::vector<bool> first = std::vector<bool>(256, false);
  bool first_any = false;
};

// Turns a field name into its number; an empty answer refuses the name.
using FieldResolver = std::function<std::expected<Field, std::string>(std::string_view name)>;
// Finds the text of a named expression; null when there is none.
using ExpressionLookup = std::function<const std::string*(std::string_view name)>;

std::expected<Pattern, std::string> compile_pattern(std::string_view text, const FieldResolver& resolve,
                                                    const ExpressionLookup& expressions);

}  // namespace tocsin::collectors
