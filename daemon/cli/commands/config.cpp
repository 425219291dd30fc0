// config check and show: judged here, with no daemon.

#include <ostream>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "daemon/cli/commands/tables.h"
#include "daemon/cli/config_check.h"
#include "daemon/cli/diagnostic_row.h"
#include "daemon/cli/output.h"
#include "daemon/config/config.h"

namespace tocsin::daemon {
namespace {

namespace json = boost::json;

std::string chosen_file(const CommandContext& context) {
  if (auto given = context.options.text("file")) return *given;
  return context.options.text_or("config", context.places.config);
}

Result<void> check_config(CommandContext& context) {
  const auto file = chosen_file(context);
  Diagnostics diagnostics;
  auto config = read_config(file, context.places, diagnostics);
  if (config) diagnostics.append(examine_config(*config));
  const bool good = config && !diagnostics.has_errors();
  if (context.output.for_people()) {
    for (const auto& d : diagnostics.all()) context.out << render_text(d) << '\n';
    if (good) context.out << file << ": understood" << '\n';
  } else {
    for (const auto& d : diagnostics.all()) context.output.row(diagnostic_row(d));
    context.output.finish();
  }
  if (!config) return std::unexpected(std::move(config).error());
  if (!good) return fail(Code::invalid, file + " reads well, but not all of it can be used; correct what is named");
  return {};
}

Result<void> show_config(CommandContext& context) {
  const auto file = chosen_file(context);
  Diagnostics diagnostics;
  auto config = read_config(file, context.places, diagnostics);
  for (const auto& d : diagnostics.all()) context.err << render_text(d) << '\n';
  if (!config) return std::unexpected(std::move(config).error());
  if (context.output.for_people() || context.output.format() == Format::yaml) {
    context.out << "# " << file << '\n' << render_config(*config);
    return {};
  }
  return context.output.row_json(render_config_json(*config));
}

constexpr Example check_examples[] = {
    {"tocsin config check", "judge the configuration in force"},
    {"tocsin config check /tmp/new.yaml", "judge another file before it is installed"}};
constexpr Example show_examples[] = {
    {"tocsin config show", "every value in force, defaults and absolute paths included"},
    {"tocsin config show -o json", "the same for a script"}};
constexpr OptionRow file_option[] = {
    {.name = "file", .kind = OptionKind::positional, .help = "configuration file; default: the one in force"}};
constexpr Column diagnostic_columns[] = {{"severity", "SEVERITY", Style::state},
                                         {"code", "CODE"},
                                         {"file", "FILE"},
                                         {"line", "LINE"},
                                         {"column", "COL"},
                                         {"cause", "CAUSE"},
                                         {"next_step", "NEXT"}};

constexpr CommandRow rows[] = {
    {.noun = "config",
     .verb = "check",
     .summary = "judge a configuration file: every mistake with its place",
     .examples = check_examples,
     .options = file_option,
     .features = feature::output | feature::config,
     .columns = diagnostic_columns,
     .run = check_config},
    {.noun = "config",
     .verb = "show",
     .summary = "print the configuration in force, defaults included",
     .examples = show_examples,
     .options = file_option,
     .features = feature::output | feature::config | feature::single,
     .run = show_config},
};

}  // namespace

std::span<const CommandRow> config_commands() { return rows; }

}  // namespace tocsin::daemon
