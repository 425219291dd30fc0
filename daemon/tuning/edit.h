#pragma once
// Changes of a tuning file's text that leave the rest of it, comments too, as people wrote it. Each result was read
// again and holds exactly what was asked; a file that cannot be changed so is refused (conflict). Any thread.

#include <string>
#include <string_view>

#include "collectors/base/result.h"
#include "rules/tuning.h"

namespace tocsin::daemon {

// What a file begins with that was not there.
std::string_view tuning_heading() noexcept;

Result<std::string> with_entry(std::string_view text, const rules::TuningEntry& entry, Time now);
// `id` in full.
Result<std::string> without_entry(std::string_view text, std::string_view id, Time now);
// By a unique start of its id, or by the id in full; not_found, conflict.
Result<const rules::TuningEntry*> find_entry(const std::vector<rules::TuningEntry>& entries, std::string_view name);

}  // namespace tocsin::daemon
