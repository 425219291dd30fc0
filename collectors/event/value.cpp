#include "collectors/event/value.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "collectors/base/assert.h"
#include "collectors/base/text.h"

namespace tocsin {
namespace {

template <class Number>
void append_number(std::string& out, Number number) {
  std::array<char, 24> digits{};
  const auto* end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), static_cast<std::size_t>(end - digits.data()));
}

}  // namespace

std::int64_t Value::as_integer() const noexcept {
  if (kind_ == Kind::integer) return integer_;
  if (kind_ == Kind::unsigned_) return unsigned_ > INT64_MAX ? INT64_MAX : static_cast<std::int64_t>(unsigned_);
  return 0;
}

std::uint64_t Value::as_unsigned() const noexcept {
  if (kind_ == Kind::unsigned_) return unsigned_;
  if (kind_ == Kind::integer && integer_ > 0) return static_cast<std::uint64_t>(integer_);
  return 0;
}

double Value::as_real() const noexcept {
  switch (kind_) {
    case Kind::real: return real_;
    case Kind::integer: return static_cast<double>(integer_);
    case Kind::unsigned_: return static_cast<double>(unsigned_);
    default: return 0;
  }
}

void append_text(std::string& out, const Value& value) {
  switch (value.kind()) {
    case Value::Kind::null: break;
    case Value::Kind::boolean: out += value.as_boolean() ? "true" : "false"; break;
    case Value::Kind::integer: append_number(out, value.as_integer()); break;
    case Value::Kind::unsigned_: append_number(out, value.as_unsigned()); break;
    case Value::Kind::real: fmt::format_to(std::back_inserter(out), "{}", value.as_real()); break;
    case Value::Kind::text: out += value.as_text(); break;
    case Value::Kind::bytes: out += to_hex(value.as_bytes().data(), value.as_bytes().size()); break;
    case Value::Kind::ip: out += render_address(value.as_ip()); break;
    case Value::Kind::time: out += render_time(value.as_time()); break;
    case Value::Kind::duration: out += render_duration(value.as_duration()); break;
    case Value::Kind::list: {
      bool first = true;
      for (const auto& item : value.as_list()) {
        if (!first) out += ", ";
        first = false;
        append_text(out, item);
      }
    }
  }
}

std::string render_text(const Value& value) {
  std::string out;
  append_text(out, value);
  return out;
}

void append_json(JsonWriter& json, const Value& value) {
  switch (value.kind()) {
    case Value::Kind::null: json.null(); break;
    case Value::Kind::boolean: json.value(value.as_boolean()); break;
    case Value::Kind::integer: json.value(value.as_integer()); break;
    case Value::Kind::unsigned_: json.value(value.as_unsigned()); break;
    case Value::Kind::real: json.value(value.as_real()); break;
    case Value::Kind::text: json.value(value.as_text()); break;
    case Value::Kind::duration: json.value(value.as_duration().count()); break;  // nanoseconds, as ECS has it
    case Value::Kind::list:
      json.begin_array();
      for (const auto& item : value.as_list()) append_json(json, item);
      json.end_array();
      break;
    default: json.value(render_text(value));
  }
}

bool operator==(const Value& a, const Value& b) noexcept {
  if (a.is_number() && b.is_number()) {
    if (a.kind() == Value::Kind::real || b.kind() == Value::Kind::real) return a.as_real() == b.as_real();
    const bool a_negative = a.as_integer() < 0;
    if (a_negative != (b.as_integer() < 0)) return false;
    return a_negative ? a.as_integer() == b.as_integer() : a.as_unsigned() == b.as_unsigned();
  }
  if (a.kind() != b.kind()) return false;
  switch (a.kind()) {
    case Value::Kind::boolean: return a.as_boolean() == b.as_boolean();
    case Value::Kind::text: return a.as_text() == b.as_text();
    case Value::Kind::bytes: return std::ranges::equal(a.as_bytes(), b.as_bytes());
    case Value::Kind::ip: return a.as_ip() == b.as_ip();
    case Value::Kind::time: return a.as_time() == b.as_time();
    case Value::Kind::duration: return a.as_duration() == b.as_duration();
    case Value::Kind::list: return std::ranges::equal(a.as_list(), b.as_list());
    default: return true;
  }
}

}  // namespace tocsin
