// completion and man: pages made from the command table, with no daemon.

#include <ostream>

#include "daemon/cli/commands/tables.h"
#include "daemon/cli/help.h"

namespace tocsin::daemon {
namespace {

Result<void> print_completion(CommandContext& context) {
  context.out << render_bash_completion(context.table);
  return {};
}

Result<void> print_man_page(CommandContext& context) {
  context.out << render_man_page(context.table, TOCSIN_VERSION);
  return {};
}

constexpr Example completion_examples[] = {
    {"tocsin completion bash > /etc/bash_completion.d/tocsin", "complete commands and options in bash"}};
constexpr OptionRow completion_options[] = {
    {.name = "shell", .kind = OptionKind::positional, .help = "which shell", .choices = "bash", .required = true}};
constexpr Example man_examples[] = {{"tocsin man | man -l -", "read the manual of this very program"}};

constexpr CommandRow rows[] = {
    {.noun = "completion",
     .verb = "",
     .summary = "print the completion script of a shell",
     .examples = completion_examples,
     .options = completion_options,
     .run = print_completion},
    {.noun = "man",
     .verb = "",
     .summary = "print the manual page",
     .examples = man_examples,
     .options = {},
     .run = print_man_page},
};

}  // namespace

std::span<const CommandRow> page_commands() { return rows; }

}  // namespace tocsin::daemon
