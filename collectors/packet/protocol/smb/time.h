#pragma once
// Times of Windows (MS-DTYP 2.3.3): tenths of microseconds since 1601.

#include <cstdint>

namespace tocsin::collectors {

// Seconds since 1970; 0 for what is before, as an unset time is.
constexpr std::uint64_t smb_unix_seconds(std::uint64_t ticks) noexcept {
  constexpr std::uint64_t epoch = 116'444'736'000'000'000ULL, second = 10'000'000;
  return ticks < epoch ? 0 : (ticks - epoch) / second;
}

}  // namespace tocsin::collectors
