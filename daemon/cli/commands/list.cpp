// list: what this build and this daemon know. `list commands` is answered here, the rest by the daemon.

#include <boost/json.hpp>

#include "daemon/cli/commands/tables.h"
#include "daemon/cli/help.h"
#include "daemon/cli/output.h"
#include "daemon/cli/relay.h"

namespace tocsin::daemon {
namespace {

Result<void> list_all_commands(CommandContext& context) {
  for (const auto* command : context.table.all()) {
    boost::json::object row;
    row["command"] = "tocsin " + full_name(*command);
    row["summary"] = command->summary;
    row["usage"] = render_usage(*command);
    row["method"] = (command->features & feature::daemon) != 0 ? method_of(*command) : "";
    context.output.row(row);
  }
  return {};
}

constexpr Example commands_examples[] = {{"tocsin list commands", "every command in one line"}};
constexpr Example engines_examples[] = {{"tocsin list engines", "detection engines with their rules and remarks"}};
constexpr Example actions_examples[] = {{"tocsin list actions", "what playbooks can do, and whether it can be undone"}};
constexpr Example fields_examples[] = {
    {"tocsin list fields --where 'name ~ source'", "fields for --where and for rules"}};
constexpr Example protocols_examples[] = {{"tocsin list protocols", "protocols that are parsed"}};
constexpr Example keywords_examples[] = {{"tocsin list keywords", "keywords of signatures that are understood"}};
constexpr Column command_columns[] = {{"command", "COMMAND", Style::strong},
                                      {"summary", "DOES", Style::plain, false, true},
                                      {"method", "METHOD", Style::faint, true},
                                      {"usage", "USAGE", Style::faint, true}};
constexpr Column named_columns[] = {
    {"name", "NAME", Style::strong}, {"state", "STATE", Style::state}, {"summary", "WHAT", Style::plain, false, true}};
constexpr Column engine_columns[] = {{"name", "ENGINE", Style::strong},
                                     {"state", "STATE", Style::state},
                                     {"rules", "RULES"},
                                     {"refused", "REFUSED"},
                                     {"summary", "REMARK", Style::plain, false, true}};
constexpr Column action_columns[] = {{"name", "ACTION", Style::strong},
                                     {"capability", "NEEDS"},
                                     {"reversible", "UNDO"},
                                     {"blast_radius", "TOUCHES"},
                                     {"summary", "WHAT", Style::plain, false, true}};
constexpr Column field_columns[] = {
    {"name", "FIELD", Style::strong}, {"type", "TYPE"}, {"summary", "WHAT", Style::plain, false, true}};
constexpr unsigned asked = feature::output | feature::rows | feature::daemon | feature::config;

constexpr CommandRow rows[] = {
    {.noun = "list",
     .verb = "commands",
     .summary = "every command",
     .examples = commands_examples,
     .options = {},
     .features = feature::output,
     .columns = command_columns,
     .run = list_all_commands},
    {.noun = "list",
     .verb = "engines",
     .summary = "detection engines, their rules and remarks",
     .examples = engines_examples,
     .options = {},
     .features = asked,
     .columns = engine_columns,
     .run = relay_rows},
    {.noun = "list",
     .verb = "actions",
     .summary = "what playbooks can do",
     .examples = actions_examples,
     .options = {},
     .features = asked,
     .columns = action_columns,
     .run = relay_rows},
    {.noun = "list",
     .verb = "fields",
     .summary = "fields of events and alerts",
     .examples = fields_examples,
     .options = {},
     .features = asked,
     .columns = field_columns,
     .run = relay_rows},
    {.noun = "list",
     .verb = "protocols",
     .summary = "protocols that are parsed",
     .examples = protocols_examples,
     .options = {},
     .features = asked,
     .columns = named_columns,
     .run = relay_rows},
    {.noun = "list",
     .verb = "keywords",
     .summary = "keywords of signatures that are understood",
     .examples = keywords_examples,
     .options = {},
     .features = asked,
     .columns = named_columns,
     .run = relay_rows},
};

}  // namespace

std::span<const CommandRow> list_commands() { return rows; }

}  // namespace tocsin::daemon
