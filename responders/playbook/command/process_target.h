#pragma once
// A process whose memory a yara command looks into, as a playbook writes it: "process:812", "process:812@99173" (only
// if it began at this clock tick since boot), "process:812:/usr/bin/x" and "process:812@99173:/usr/bin/x" (only if it
// runs this file). Pure; any thread.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "collectors/base/result.h"

namespace tocsin::responders {

struct ProcessTarget {
  std::uint64_t pid = 0;
  std::optional<std::uint64_t> started;
  std::string executable;  // empty: any
};

bool is_process_target(std::string_view text) noexcept;  // begins like one
// invalid, with the reason.
Result<ProcessTarget> parse_process_target(std::string_view text);

}  // namespace tocsin::responders
