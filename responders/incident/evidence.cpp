#include "responders/incident/evidence.h"

#include <algorithm>
#include <array>

namespace tocsin::responders {
namespace {

constexpr std::array<std::string_view, 5> act_names{"collected", "read", "verified", "exported", "removed"};

}  // namespace

std::string_view custody_act_name(CustodyAct act) noexcept { return act_names[static_cast<std::size_t>(act)]; }

std::optional<CustodyAct> parse_custody_act(std::string_view name) noexcept {
  const auto found = std::ranges::find(act_names, name);
  if (found == act_names.end()) return std::nullopt;
  return static_cast<CustodyAct>(found - act_names.begin());
}

}  // namespace tocsin::responders
