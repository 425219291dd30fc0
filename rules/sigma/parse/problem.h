#pragma once
// Why a rule was refused, on its way to becoming a Diagnostic. Codes: G01 document, G02 detection and modifiers,
// G03 condition, G04 correlation, G05 filter, G06 views and log sources.

#include <cstdint>
#include <expected>
#include <string>
#include <utility>

namespace tocsin::rules::sigma {

struct Place {
  std::uint32_t line = 0;  // 1-based; 0 = unknown
  std::uint32_t column = 0;
};

struct Problem {
  std::string code;
  Place place;
  std::string cause;
  std::string next_step;
};

template <class T>
using Parsed = std::expected<T, Problem>;

inline std::unexpected<Problem> refuse(std::string code, Place place, std::string cause, std::string next_step = {}) {
  return std::unexpected<Problem>(Problem{std::move(code), place, std::move(cause), std::move(next_step)});
}

}  // namespace tocsin::rules::sigma
