#include "responders/incident/evidence.h"

#include <array>

namespace tocsin::responders {

std::string_view custody_act_name(CustodyAct act) noexcept {
  static constexpr std::array<std::string_view, 4> names{"collected", "read", "verified", "exported"};
  return names[static_cast<std::size_t>(act)];
}

}  // namespace tocsin::responders
