#pragma once
// One value of a detection item after its modifiers: what a field is compared with.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/address.h"
#include "rules/sigma/parse/pattern.h"
#include "rules/sigma/parse/problem.h"

namespace tocsin::rules::sigma {

enum class Comparison : std::uint8_t { equal, less, less_equal, greater, greater_equal };
enum class TimePart : std::uint8_t { minute, hour, day, week, month, year };

struct Number {
  bool is_real = false;
  std::int64_t integer = 0;
  double real = 0;  // always set
  std::string render() const;
  friend bool operator==(const Number&, const Number&) = default;
};

struct RegexFlags {
  bool ignore_case = false;
  bool multiline = false;
  bool dot_all = false;
  friend bool operator==(const RegexFlags&, const RegexFlags&) = default;
};

struct Term {
  enum class Kind : std::uint8_t {
    null,  // the field is missing or null
    boolean,
    number,     // equal by text or by value
    text,       // pattern over the whole value
    regex,      // unanchored search
    network,    // value is an address inside
    exists,     // the key is there, whatever its value
    field,      // compared with another field
    compare,    // <, <=, >, >=
    time_part,  // a part of a time
    any,        // one of several (windash, base64offset, expanded placeholders)
  };

  Kind kind = Kind::null;
  bool boolean = false;  // boolean, exists
  bool cased = false;    // text
  Number number;         // number, compare, time_part
  Pattern pattern;       // text; regex (literal, or with placeholders); field: its name
  RegexFlags flags;
  Network network;
  bool starts = false;  // field: `endswith` or `contains` of the other value (open start / open end)
  bool ends = false;
  Comparison comparison = Comparison::equal;  // compare, time_part
  std::optional<TimePart> time_part;
  std::vector<Term> alternatives;  // any
};

// One line of a detection: field, its values and how they are joined.
struct Item {
  std::optional<std::string> field;  // none: keywords
  std::vector<Term> terms;
  bool all = false;      // AND over the terms, else OR
  bool negated = false;  // `neq`
  Place place;
};

}  // namespace tocsin::rules::sigma
