#pragma once
// Writing JSON: append-only, keys in the order given, so that the same data is the same bytes.

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace tocsin {

// RFC 8259 string with its quotes. Bytes that are not UTF-8 become U+FFFD; U+2028/9, controls and bidi marks are
// escaped.
void append_json_string(std::string& out, std::string_view text);

// The caller keeps begin/end in pairs; commas are ours.
class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}

  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& begin_array() { return open('['); }
  JsonWriter& end_array() { return close(']'); }
  JsonWriter& key(std::string_view name);

  JsonWriter& value(std::string_view text);
  JsonWriter& value(const char* text) { return value(std::string_view(text)); }
  JsonWriter& value(double number);
  template <std::integral Integer>
  JsonWriter& value(Integer number) {
    separate();
    if constexpr (std::same_as<Integer, bool>) out_ += number ? "true" : "false";
    else out_ += std::to_string(number);
    return *this;
  }
  JsonWriter& null();
  // Already JSON.
  JsonWriter& raw(std::string_view json);

  template <class T>
  JsonWriter& member(std::string_view name, const T& thing) {
    key(name);
    return value(thing);
  }

 private:
  JsonWriter& open(char bracket);
  JsonWriter& close(char bracket);
  void separate();

  std::string& out_;
  bool fresh_ = true;  // nothing before the next item needs a comma
};

}  // namespace tocsin
