#pragma once
// Which line a place in a text is on, for places asked in the order of the text: each byte is looked at once.

#include <algorithm>
#include <cstdint>

namespace tocsin::rules::indicator {

class LineCounter {
 public:
  explicit LineCounter(const char* begin) noexcept : at_(begin) {}
  std::uint32_t line(const char* place) noexcept {
    if (place > at_) {
      line_ += static_cast<std::uint32_t>(std::count(at_, place, '\n'));
      at_ = place;
    }
    return line_;
  }

 private:
  const char* at_;
  std::uint32_t line_ = 1;
};

}  // namespace tocsin::rules::indicator
