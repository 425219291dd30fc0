#pragma once
// One value of a field, native: an address stays an address. 16 bytes, trivially copyable; text, bytes and lists are
// views into the batch's arena.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "collectors/base/address.h"
#include "collectors/base/assert.h"
#include "collectors/base/bytes.h"
#include "collectors/base/json.h"
#include "collectors/base/time.h"

namespace tocsin {

class Value {
 public:
  enum class Kind : std::uint8_t { null, boolean, integer, unsigned_, real, text, bytes, ip, time, duration, list };

  constexpr Value() noexcept : kind_(Kind::null), size_(0), integer_(0) {}
  static Value boolean(bool b) noexcept { return with_unsigned(Kind::boolean, b ? 1 : 0); }
  static Value integer(std::int64_t i) noexcept { return with_integer(Kind::integer, i); }
  static Value number(std::uint64_t u) noexcept { return with_unsigned(Kind::unsigned_, u); }
  static Value real(double d) noexcept {
    Value v;
    v.kind_ = Kind::real;
    v.real_ = d;
    return v;
  }
  static Value time(Time t) noexcept { return with_integer(Kind::time, t.time_since_epoch().count()); }
  static Value duration(Duration d) noexcept { return with_integer(Kind::duration, d.count()); }
  // The pointed-to storage must live as long as the event: the builder copies into its arena.
  static Value text(std::string_view t) noexcept { return with_pointer(Kind::text, t.data(), t.size()); }
  static Value bytes(Bytes b) noexcept { return with_pointer(Kind::bytes, b.data(), b.size()); }
  static Value ip(const IpAddress* a) noexcept { return with_pointer(Kind::ip, a, 1); }
  static Value list(std::span<const Value> items) noexcept {
    return with_pointer(Kind::list, items.data(), items.size());
  }

  Kind kind() const noexcept { return kind_; }
  bool is_null() const noexcept { return kind_ == Kind::null; }
  bool is_text() const noexcept { return kind_ == Kind::text; }
  bool is_list() const noexcept { return kind_ == Kind::list; }
  bool is_number() const noexcept { return kind_ == Kind::integer || kind_ == Kind::unsigned_ || kind_ == Kind::real; }

  // Each asks for its own kind; another kind gives zero or empty.
  bool as_boolean() const noexcept { return kind_ == Kind::boolean && unsigned_ != 0; }
  std::int64_t as_integer() const noexcept;    // integer and unsigned
  std::uint64_t as_unsigned() const noexcept;  // unsigned and non-negative integer
  double as_real() const noexcept;             // any number
  std::string_view as_text() const noexcept {
    return kind_ == Kind::text ? std::string_view{static_cast<const char*>(pointer_), size_} : std::string_view{};
  }
  Bytes as_bytes() const noexcept {
    return kind_ == Kind::bytes ? Bytes{static_cast<const std::uint8_t*>(pointer_), size_} : Bytes{};
  }
  IpAddress as_ip() const noexcept {
    return kind_ == Kind::ip ? *static_cast<const IpAddress*>(pointer_) : IpAddress{};
  }
  Time as_time() const noexcept { return kind_ == Kind::time ? Time{Duration{integer_}} : Time{}; }
  Duration as_duration() const noexcept { return kind_ == Kind::duration ? Duration{integer_} : Duration{}; }
  std::span<const Value> as_list() const noexcept {
    return kind_ == Kind::list ? std::span{static_cast<const Value*>(pointer_), size_} : std::span<const Value>{};
  }
  // The items of a list; any other value is a list of one; null is empty.
  std::span<const Value> items() const noexcept {
    return kind_ == Kind::list ? as_list() : std::span{this, is_null() ? 0U : 1U};
  }

 private:
  static Value with_integer(Kind kind, std::int64_t i) noexcept {
    Value v;
    v.kind_ = kind;
    v.integer_ = i;
    return v;
  }
  static Value with_unsigned(Kind kind, std::uint64_t u) noexcept {
    Value v;
    v.kind_ = kind;
    v.unsigned_ = u;
    return v;
  }
  static Value with_pointer(Kind kind, const void* pointer, std::size_t size) noexcept {
    TOCSIN_ASSERT(size <= UINT32_MAX);
    Value v;
    v.kind_ = kind;
    v.size_ = static_cast<std::uint32_t>(size);
    v.pointer_ = pointer;
    return v;
  }

  Kind kind_;
  std::uint32_t size_;
  union {
    std::int64_t integer_;
    std::uint64_t unsigned_;
    double real_;
    const void* pointer_;
  };
};
static_assert(sizeof(Value) == 16);

// As an analyst reads it: text as it is, addresses and times in their usual form, bytes in hex, lists joined by ", ".
void append_text(std::string& out, const Value& value);
std::string render_text(const Value& value);
void append_json(JsonWriter& json, const Value& value);
// Same kind and content; numbers compare across kinds.
bool operator==(const Value& a, const Value& b) noexcept;

}  // namespace tocsin
