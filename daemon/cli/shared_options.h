#pragma once
// Options that belong to a feature rather than to one command; part of the command table.

#include <array>
#include <string_view>
#include <vector>

#include "daemon/cli/command.h"

namespace tocsin::daemon {

struct SharedOption {
  unsigned feature;  // 0: every command
  OptionRow option;
};

inline constexpr std::string_view output_formats = "table|wide|json|ndjson|csv|yaml";

inline constexpr std::array<SharedOption, 22> shared_options{{
    {feature::output, {"output", OptionKind::value, "FORMAT", "how to print", output_formats, 'o'}},
    {feature::output, {"fields", OptionKind::value, "A,B", "only these fields, in this order"}},
    {feature::rows,
     {"where", OptionKind::value, "FILTER",
      "only rows that match: FIELD = VALUE (!= < <= > >= ~ in), and, or, not; web* and 10.0.0.0/8 are values too; "
      "fields as -o json names them"}},
    {feature::rows, {"limit", OptionKind::value, "N", "at most N rows; 0: all"}},
    {feature::period,
     {"since", OptionKind::value, "TIME", "from here on: -2h, today, 2026-11-22, 2026-11-22T14:00+07:00"}},
    {feature::period, {"until", OptionKind::value, "TIME", "up to here"}},
    {feature::follow, {"follow", OptionKind::flag, "", "stay and print what comes", "", 'f'}},
    {feature::count,
     {"count-by", OptionKind::value, "A,B",
      "how often each value of these fields occurs, most first, instead of rows"}},
    {feature::change, {"reason", OptionKind::value, "TEXT", "why; kept in the journal", "", 'r'}},
    {feature::change, {"dry-run", OptionKind::flag, "", "say what would change and change nothing"}},
    {feature::confirm, {"yes", OptionKind::flag, "", "do not ask", "", 'y'}},
    {feature::daemon, {"socket", OptionKind::value, "PATH", "control socket of tocsind (or TOCSIN_SOCKET)"}},
    {feature::daemon, {"timeout", OptionKind::value, "DURATION", "longest wait for an answer (60s)"}},
    {feature::store, {"store", OptionKind::value, "DIR", "read this store directory instead of asking the daemon"}},
    {feature::signatures,
     {"syntax", OptionKind::value, "LANGUAGE", "of signatures in files whose name does not say it (rules.syntax)",
      "auto|suricata|snort3"}},
    {feature::config, {"config", OptionKind::value, "FILE", "configuration (or TOCSIN_CONFIG)"}},
    {0, {"color", OptionKind::value, "WHEN", "colours", "auto|always|never"}},
    {0, {"no-color", OptionKind::flag, "", "no colours (as NO_COLOR does)"}},
    {0, {"no-pager", OptionKind::flag, "", "never start a pager"}},
    {0,
     {"width", OptionKind::value, "COLUMNS", "width of tables; default: the terminal's, else COLUMNS, else no limit"}},
    {0, {"quiet", OptionKind::flag, "", "no progress and no remarks", "", 'q'}},
    {0, {"help", OptionKind::flag, "", "this page", "", 'h'}},
}};

// The command's own options, then those of its features, then those of every command.
inline std::vector<OptionRow> options_of(const CommandRow& command) {
  std::vector<OptionRow> out(command.options.begin(), command.options.end());
  for (const bool general : {false, true})
    for (const auto& shared : shared_options)
      if (general ? shared.feature == 0 : (command.features & shared.feature) != 0) {
        bool own = false;
        for (const auto& o : command.options) own = own || o.name == shared.option.name;
        if (!own) out.push_back(shared.option);
      }
  return out;
}

}  // namespace tocsin::daemon
