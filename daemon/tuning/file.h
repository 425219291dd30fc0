#pragma once
// tuning.yaml: what analysts changed about rules, for people to read and write. One list, `tuning`, of entries:
//
//   tuning:
//     - do: suppress            # enable, disable, modify, suppress
//       rule: "1:2019401"       # or a list; a Sigma id, a YARA rule's name, "1:*", "file:NAME*.rules", "re:PATTERN"
//       network: ["10.9.0.0/16", "!10.9.1.7"]
//       side: source            # source, destination, either
//       filter:                 # a Sigma filter: what its condition does not keep is taken
//         selection: {user.name: backup, process.command_line|contains: /usr/bin/rsync}
//         condition: not selection
//       hours: "22:00-06:00"
//       days: [mon, tue, wed, thu, fri]
//       owner: "alice"
//       reason: "the scanner of the audit team"
//       expires: 2026-12-23T00:00:00Z
//
// Mistakes are diagnostics T01 with their place; such an entry is left out, so that its rules act as their author wrote
// them. Any thread.

#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/diagnostic.h"
#include "collectors/base/result.h"
#include "rules/tuning.h"

namespace tocsin::daemon {

// No entry may hold for longer than this, counted from `created`, or from now where that is not given.
inline constexpr Duration tuning_longest = std::chrono::hours{24 * 366};
// An entry that ends this soon is told.
inline constexpr Duration tuning_ends_soon = std::chrono::hours{24 * 7};

std::vector<rules::TuningEntry> parse_tuning(std::string_view file, std::string_view text, Time now,
                                             Diagnostics& diagnostics);
// What parse_tuning asks of one entry; it also makes the parts that need a library (zone, patterns).
Result<void> check_entry(rules::TuningEntry& entry, Time now);

// The entry as a block of the list, two blanks in, ending with a newline.
std::string render_entry(const rules::TuningEntry& entry);
// The same entry has the same id.
std::string make_entry_id(const rules::TuningEntry& entry);

// "22:00-06:00" and "mon-fri", "sat,sun"; usage when they cannot be read.
Result<rules::TuningHours> parse_hours(std::string_view hours, const std::vector<std::string>& days);
std::string render_hours(const rules::TuningHours& hours);
std::string render_days(std::uint8_t days);
// "10.0.0.0/8", "!10.1.2.3": into `networks` or `except`.
Result<void> add_network(rules::TuningEntry& entry, std::string_view text);
// A time, a date, or a length of time from now on.
Result<Time> parse_moment(std::string_view text, Time now);

// Warnings T02 after a load: entries that meet no rule, end soon, have ended, or silence a rule everywhere and always.
void judge_tuning(const rules::Tuning& tuning, Time now, Diagnostics& diagnostics);
// The last of them for one entry: empty, or why it is more than one should want.
std::string too_wide(const rules::TuningEntry& entry);

}  // namespace tocsin::daemon
