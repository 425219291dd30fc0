#pragma once
// Which files a rule set from outside may bring.

#include <cstdint>
#include <string_view>

namespace tocsin::daemon {

enum class KindInSet : std::uint8_t {
  rules,  // signatures, Sigma, YARA
  data,   // classifications, references, lists that rules read
  local,  // this house's own to say: tuning and thresholds; a set must not bring them
  other,
};
KindInSet kind_in_set(std::string_view name) noexcept;

}  // namespace tocsin::daemon
