#pragma once
// Content-Range: which part of a file an answer holds (RFC 9110, section 14.4).

#include <cstdint>
#include <optional>
#include <string_view>

namespace tocsin::collectors {

// "bytes 21010-47021/47022"; a star stands for what the server does not know.
struct ContentRange {
  std::optional<std::uint64_t> first, last;  // both or none
  std::optional<std::uint64_t> size;         // of the whole file

  // What could be read of a value; nothing when its unit is another than bytes.
  static std::optional<ContentRange> parse(std::string_view value);
  // Written as it should be, and a part that such a file can have.
  static bool sound(std::string_view value);
};

}  // namespace tocsin::collectors
