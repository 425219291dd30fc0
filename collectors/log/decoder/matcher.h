#pragma once
// Runs a pattern over a message. Bounded: a step budget per run, no allocation. Thread-safe (state is the caller's).

#include <array>
#include <cstdint>
#include <string_view>

#include "collectors/log/decoder/pattern.h"

namespace tocsin::collectors {

// Trivial, as Captures does not clear its table.
struct Capture {
  const Op* op;
  const char* data;
  std::size_t size;
  std::string_view text() const noexcept { return {data, size}; }
};

struct Captures {
  static constexpr std::size_t most = 64;
  Captures() noexcept {}  // NOLINT: items behind `count` are never read
  std::array<Capture, most> items;
  std::size_t count = 0;
};

// False: no match, or the budget was used up (hostile text against an ambiguous pattern; treated as no match).
bool match_pattern(const Pattern& pattern, std::string_view text, Captures& captures) noexcept;

}  // namespace tocsin::collectors
