#include "daemon/cli/run.h"

#include <istream>
#include <ostream>

#include <fmt/format.h>

#include "collectors/base/text.h"
#include "daemon/cli/arguments.h"
#include "daemon/cli/field_check.h"
#include "daemon/cli/help.h"
#include "daemon/cli/output.h"
#include "daemon/cli/times.h"

namespace tocsin::daemon {
namespace {

int complain(const ProgramInput& input, const Error& error) {
  const Painter paint(input.terminal.err_is_terminal && input.terminal.color);
  // Lines of a message stay lines; everything else in it is escaped.
  const auto text = error.text();
  bool first = true;
  for (const auto line : split(text, '\n')) {
    input.err << (first ? paint(Paint::red, "tocsin:") + " " : std::string("  ")) << escape_terminal(line) << '\n';
    first = false;
  }
  return exit_status(error.code);
}

bool confirmed(const ProgramInput& input, const CommandRow& command, const Options& options) {
  if ((command.features & feature::confirm) == 0 || options.flag("yes") || options.flag("dry-run")) return true;
  if (!input.terminal.in_is_terminal || !input.terminal.err_is_terminal) return false;
  input.err << "tocsin " << full_name(command) << ": " << command.summary << ". Go on? [y/N] " << std::flush;
  std::string answer;
  std::getline(input.in, answer);
  return answer == "y" || answer == "yes" || answer == "Y";
}

bool use_color(const ProgramInput& input, const Options& options) {
  const auto when = options.text_or("color", "auto");
  if (options.flag("no-color") || when == "never") return false;
  return when == "always" || input.terminal.color;
}

Result<OutputOptions> output_options(const ProgramInput& input, const CommandRow& command, const Options& options) {
  OutputOptions out;
  const bool chooses = (command.features & feature::output) != 0;
  const auto format = parse_format(chooses ? options.text_or("output", "table") : "table");
  if (!format) return fail(Code::usage, "--output takes table, wide, json, ndjson, csv or yaml");
  out.format = *format;
  out.columns = command.columns;
  out.single = (command.features & feature::single) != 0;
  out.follow = options.flag("follow");
  out.color = use_color(input, options);
  out.width = input.terminal.width;
  if (const auto width = options.text("width")) {
    const auto number = parse_unsigned(*width);
    if (!number || *number > 10000) return fail(Code::usage, "--width takes a number of columns, 0 for no limit");
    out.width = *number;
  }
  // Counted rows have the fields they are counted by.
  const auto counted = options.text("count-by");
  const auto fields = options.text_or("fields", counted ? "count," + *counted : "");
  for (const auto field : split(fields, ','))
    if (!trim(field).empty()) out.fields.emplace_back(trim(field));
  return out;
}

int run_command(const ProgramInput& input, const Invocation& invocation) {
  const auto& command = *invocation.command;
  const auto& options = invocation.options;
  for (const char* name : {"since", "until"})
    if (const auto given = options.text(name); given && !parse_when(*given, input.clock.now()))
      return complain(
          input,
          {Code::usage,
           fmt::format("--{} cannot read `{}`; write -2h, today, 2026-11-22 or 2026-11-22T14:00+07:00", name, *given)});
  if (const auto limit = options.text("limit"); limit && !parse_unsigned(*limit))
    return complain(input, {Code::usage, "--limit takes a number; 0 means all"});
  if (!confirmed(input, command, options))
    return complain(input, {Code::denied, fmt::format("not confirmed, nothing was done; add --yes to `tocsin {}`",
                                                      full_name(command))});
  auto chosen = output_options(input, command, options);
  if (!chosen) return complain(input, chosen.error());
  const bool page = input.terminal.out_is_terminal && !options.flag("no-pager") && !options.flag("follow") &&
                    (command.features & feature::output) != 0 && (command.features & feature::change) == 0;
  Result<void> result;
  int status = 0;
  {
    const Pager pager(page);
    Output output(input.out, *std::move(chosen));
    CommandContext context{.table = input.table,
                           .command = command,
                           .options = options,
                           .places = input.places,
                           .clock = input.clock,
                           .output = output,
                           .out = input.out,
                           .err = input.err,
                           .in = input.in,
                           .terminal = input.terminal.out_is_terminal,
                           .talkative = input.terminal.err_is_terminal && !options.flag("quiet"),
                           .interactive = input.terminal.in_is_terminal && input.terminal.err_is_terminal};
    result = check_fields(context);
    if (result) result = command.run(context);
    if (result || output.rows() != 0) output.finish();
    status = context.exit_status;
    input.out.flush();
  }
  if (!result) return complain(input, result.error());
  if (!input.out) return complain(input, {Code::exhausted, "cannot write to standard output; is the disk full?"});
  return status;
}

}  // namespace

int run_program(const ProgramInput& input) {
  const auto invocation = parse_arguments(input.table, input.arguments);
  if (!invocation) return complain(input, invocation.error());
  const Painter paint(input.terminal.color);
  switch (invocation->kind) {
    case Invocation::Kind::version: input.out << "tocsin " TOCSIN_VERSION "\n"; return 0;
    case Invocation::Kind::overview: input.out << render_overview(input.table, paint); return 0;
    case Invocation::Kind::help:
      input.out << (invocation->command != nullptr ? render_help(*invocation->command, paint)
                                                   : render_noun_help(input.table, invocation->noun, paint));
      return 0;
    case Invocation::Kind::command: return run_command(input, *invocation);
  }
  return 0;
}

}  // namespace tocsin::daemon
