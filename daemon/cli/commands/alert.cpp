// alert list and show.

#include <boost/json.hpp>

#include "daemon/app/vocabulary.h"
#include "daemon/cli/alert_view.h"
#include "daemon/cli/commands/tables.h"
#include "daemon/cli/output.h"
#include "daemon/cli/relay.h"

namespace tocsin::daemon {
namespace {

boost::json::object widened(boost::json::object alert) {
  widen_alert(alert);
  return alert;
}

Result<void> show_alert(CommandContext& context) {
  const auto summary = call_daemon(context, [&](const boost::json::object& row) {
    if (context.output.draws()) draw_alert(context.output, row);
    else if (context.options.flag("fields")) context.output.row(widened(row));
    else context.output.row(row);
    return true;
  });
  if (!summary) return std::unexpected(summary.error());
  return {};
}

constexpr Example list_examples[] = {
    {"tocsin alert list --since -2h", "what was raised in the last two hours"},
    {"tocsin alert list --where 'alert.severity >= 70 and host.name = web*' -o wide",
     "the loud ones of the web servers"},
    {"tocsin alert list --since -7d --count-by rule.title,host.name", "what is loud, and where"},
    {"tocsin alert list --follow -o ndjson | jq -r '.\"rule.title\"'", "feed another program as alerts come"}};
constexpr Example show_examples[] = {
    {"tocsin alert show 3f9a", "one alert and why it was raised; any unique start of its id, from 4 digits on"}};
constexpr OptionRow list_options[] = {
    {.name = "incident", .kind = OptionKind::value, .value = "INCIDENT", .help = "only alerts of this incident"},
    {.name = "engine",
     .kind = OptionKind::value,
     .value = "ENGINE",
     .help = "only alerts of this engine",
     .choices = "signature|sigma|yara|indicator|self"},
    {.name = "exercise", .kind = OptionKind::flag, .value = "", .help = "only those of exercises"}};
constexpr OptionRow show_options[] = {{.name = "alert",
                                       .kind = OptionKind::positional,
                                       .help = "alert id, or a unique start of it, at least 4 digits",
                                       .required = true}};
constexpr Column columns[] = {{"@timestamp", "TIME", Style::time},
                              {"alert.severity", "SEV", Style::severity},
                              {"rule.engine", "ENGINE"},
                              {"host.name", "HOST", Style::plain, false, true},
                              {"rule.title", "ALERT", Style::strong, false, true},
                              {"entities", "ABOUT", Style::plain, false, true},
                              {"alert.count", "COUNT"},
                              {"rule.id", "RULE", Style::faint, true, true},
                              {"rule.attack", "ATT&CK", Style::plain, true, true},
                              {"alert.id", "ID", Style::id}};
constexpr std::string_view members[] = {"entities", "why", "packet", "fields"};

constexpr CommandRow rows[] = {
    {.noun = "alert",
     .verb = "list",
     .summary = "alerts, newest first",
     .examples = list_examples,
     .options = list_options,
     .features = feature::output | feature::rows | feature::period | feature::follow | feature::count |
                 feature::daemon | feature::store | feature::config,
     .columns = columns,
     .run = relay_rows,
     .members = members,
     .vocabulary = Vocabulary::alerts},
    {.noun = "alert",
     .verb = "show",
     .summary = "one alert: what, who, and why it matched",
     .examples = show_examples,
     .options = show_options,
     .features = feature::output | feature::daemon | feature::store | feature::config | feature::single,
     .columns = columns,
     .run = show_alert,
     .members = members,
     .vocabulary = Vocabulary::alerts},
};

}  // namespace

std::span<const CommandRow> alert_commands() { return rows; }

}  // namespace tocsin::daemon
