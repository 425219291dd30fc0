#pragma once
// Pages made from the command table: help, man page, bash completion. Pure text.

#include <string>
#include <string_view>

#include "daemon/cli/command.h"
#include "daemon/cli/terminal.h"

namespace tocsin::daemon {

std::string render_overview(const CommandTable& table, const Painter& paint);
std::string render_noun_help(const CommandTable& table, std::string_view noun, const Painter& paint);
std::string render_help(const CommandRow& command, const Painter& paint);  // examples first
std::string render_usage(const CommandRow& command);                       // "tocsin incident show [options] INCIDENT"

// tocsin(1) in man(7) macros. `version` stands in the footer.
std::string render_man_page(const CommandTable& table, std::string_view version);
// Script for bash-completion: nouns, verbs, options and the choices of options.
std::string render_bash_completion(const CommandTable& table);

}  // namespace tocsin::daemon
