#pragma once
// How people write a moment on the command line.

#include <optional>
#include <string_view>

#include "collectors/base/time.h"

namespace tocsin::daemon {

// "-2h", "2h ago" style lengths before `now`; "now", "today", "yesterday" (UTC); RFC 3339 or a date.
std::optional<Time> parse_when(std::string_view text, Time now);

}  // namespace tocsin::daemon
