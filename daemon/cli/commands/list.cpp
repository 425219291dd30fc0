// list: what this build knows, answered here from its tables; `list engines` is answered by the daemon.

#include <boost/json.hpp>

#include "daemon/app/list_methods.h"
#include "daemon/app/vocabulary.h"
#include "daemon/app/workbench.h"
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

// The daemon answers the same; no daemon is needed for what is built in.
Result<void> list_known(CommandContext& context) {
  FieldNames names;
  intern_protocol_fields(names);
  Diagnostics ignored;  // a mistake in a decoder is for `tocsin config check` to tell
  if (const auto config =
          read_config(context.options.text_or("config", context.places.config), context.places, ignored))
    static_cast<void>(load_decoders(*config, names, ignored));
  MethodTable methods;
  add_list_methods(methods, names, {});
  const auto done = call_local(methods, method_of(context.command), params_of(context), [&](const auto& row) {
    context.output.row(row);
    return static_cast<bool>(context.output.text());
  });
  if (!done) return std::unexpected(done.error());
  if (context.output.rows() == 0 && context.output.for_people()) context.err << "nothing found\n";
  return {};
}

constexpr Example commands_examples[] = {{"tocsin list commands", "every command in one line"}};
constexpr Example engines_examples[] = {{"tocsin list engines", "detection engines with their rules and remarks"}};
constexpr Example actions_examples[] = {{"tocsin list actions", "what playbooks can do, and whether it can be undone"}};
constexpr Example fields_examples[] = {
    {"tocsin list fields --where 'name ~ source'", "fields for --where, --fields and rules"},
    {"tocsin list fields source.ip url.path", "what these are"}};
constexpr Example protocols_examples[] = {{"tocsin list protocols", "protocols that are parsed"}};
constexpr Example keywords_examples[] = {
    {"tocsin list keywords", "keywords of signatures and modifiers of Sigma rules"}};
constexpr OptionRow fields_options[] = {
    {.name = "name", .kind = OptionKind::positional_list, .help = "only these; default: all"}};
constexpr Column protocol_columns[] = {
    {"name", "PROTOCOL", Style::strong}, {"over", "OVER"}, {"ports", "USUAL PORTS"}, {"buffers", "BUFFERS"}};
constexpr Column keyword_columns[] = {
    {"name", "KEYWORD", Style::strong}, {"type", "IN RULES OF"}, {"summary", "WHAT", Style::plain, false, true}};
constexpr std::string_view action_members[] = {"parameters"};
constexpr Column command_columns[] = {{"command", "COMMAND", Style::strong},
                                      {"summary", "DOES", Style::plain, false, true},
                                      {"method", "METHOD", Style::faint, true},
                                      {"usage", "USAGE", Style::faint, true}};
constexpr Column engine_columns[] = {{"name", "ENGINE", Style::strong},
                                     {"state", "STATE", Style::state},
                                     {"rules", "RULES"},
                                     {"summary", "REMARK", Style::plain, false, true}};
constexpr Column action_columns[] = {{"name", "ACTION", Style::strong},
                                     {"capability", "NEEDS"},
                                     {"reversible", "UNDO"},
                                     {"blast_radius", "TOUCHES"},
                                     {"summary", "WHAT", Style::plain, false, true}};
constexpr Column field_columns[] = {
    {"name", "FIELD", Style::strong}, {"type", "TYPE"}, {"summary", "WHAT", Style::plain, false, true}};
constexpr unsigned asked = feature::output | feature::rows | feature::daemon | feature::config;
constexpr unsigned here = feature::output | feature::rows | feature::config;

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
     .features = here,
     .columns = action_columns,
     .run = list_known,
     .members = action_members},
    {.noun = "list",
     .verb = "fields",
     .summary = "fields of events and alerts",
     .examples = fields_examples,
     .options = fields_options,
     .features = here,
     .columns = field_columns,
     .run = list_known},
    {.noun = "list",
     .verb = "protocols",
     .summary = "protocols that are parsed",
     .examples = protocols_examples,
     .options = {},
     .features = here,
     .columns = protocol_columns,
     .run = list_known},
    {.noun = "list",
     .verb = "keywords",
     .summary = "keywords and modifiers of rules that are understood",
     .examples = keywords_examples,
     .options = {},
     .features = here,
     .columns = keyword_columns,
     .run = list_known},
};

}  // namespace

std::span<const CommandRow> list_commands() { return rows; }

}  // namespace tocsin::daemon
