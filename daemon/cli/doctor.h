#pragma once
// Examinations of `tocsin doctor`. They look, and change nothing.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/time.h"
#include "daemon/config/places.h"

namespace tocsin::daemon {

enum class FindingState : std::uint8_t { ok, warning, error, off };
std::string_view finding_state_name(FindingState state) noexcept;

struct Finding {
  std::string area;   // daemon, kernel, installation, configuration, sources, response
  std::string check;  // what was looked at
  FindingState state = FindingState::ok;
  std::string found;
  std::string next_step;  // empty when all is well
};

std::vector<Finding> examine_host(const Places& places, const std::string& config_file, Time now);

}  // namespace tocsin::daemon
