#include "rules/marking_id.h"

#include <algorithm>
#include <array>

namespace tocsin::rules {
namespace {

constexpr std::array<std::string_view, 6> uuids{"",
                                                "94868c89-83c2-464b-929b-a1a8aa3c8487",
                                                "bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
                                                "55d920b0-5e8b-4f79-9ee9-91f868d9b421",
                                                "939a9414-2ddd-4d32-a0cd-375ea402b003",
                                                "e828b379-4e03-4974-9ac4-e53a884c97c1"};

}  // namespace

std::string_view tlp_uuid(Tlp tlp) noexcept { return uuids[static_cast<std::size_t>(tlp)]; }

Tlp tlp_of_uuid(std::string_view uuid) noexcept {
  const auto* const found = std::ranges::find(uuids, uuid);
  return found == uuids.end() ? Tlp::none : static_cast<Tlp>(found - uuids.begin());
}

}  // namespace tocsin::rules
