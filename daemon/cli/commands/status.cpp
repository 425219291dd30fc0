// status and metrics.

#include <boost/json.hpp>

#include "daemon/cli/commands/tables.h"
#include "daemon/cli/output.h"
#include "daemon/cli/relay.h"
#include "daemon/cli/sections_view.h"

namespace tocsin::daemon {
namespace {

Result<void> show_status(CommandContext& context) {
  const auto summary = call_daemon(context, [&](const boost::json::object& row) {
    if (context.output.draws()) draw_sections(context.output, row);
    else context.output.row(row);
    return true;
  });
  if (!summary) return std::unexpected(summary.error());
  return {};
}

constexpr Example status_examples[] = {{"tocsin status", "is it running, what does it watch, what did it lose"},
                                       {"tocsin status -o json | jq .collect", "the same for a script"}};
constexpr Example metrics_examples[] = {{"tocsin metrics", "every figure, as OpenMetrics text"}};

constexpr std::string_view sections[] = {"daemon", "collect",  "lost",        "capture", "rules",  "indicators",
                                         "store",  "evidence", "flow_owners", "eve",     "sandbox"};

constexpr CommandRow rows[] = {
    {.noun = "status",
     .verb = "",
     .summary = "is it running, what does it watch, what did it lose",
     .examples = status_examples,
     .options = {},
     .features = feature::output | feature::daemon | feature::config | feature::single,
     .run = show_status,
     .members = sections},
    {.noun = "metrics",
     .verb = "",
     .summary = "figures about Tocsin itself, as OpenMetrics text",
     .examples = metrics_examples,
     .options = {},
     .features = feature::daemon | feature::config,
     .run = relay_text},
};

}  // namespace

std::span<const CommandRow> status_commands() { return rows; }

}  // namespace tocsin::daemon
