#pragma once
// Bytes of a message that nobody keeps: too long, or of no interest.

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>

#include "collectors/base/bytes.h"

namespace tocsin::collectors {

// Takes what is still to be passed over, at most `left` bytes, off the front.
template <std::unsigned_integral Count>
void pass_over(Count& left, Bytes& bytes) noexcept {
  const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(left, bytes.size()));
  left -= static_cast<Count>(count);
  bytes = bytes.subspan(count);
}

}  // namespace tocsin::collectors
