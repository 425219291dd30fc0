#include "daemon/cli/help.h"

#include <algorithm>

#include <fmt/format.h>

#include "collectors/base/text.h"
#include "daemon/cli/shared_options.h"

namespace tocsin::daemon {
namespace {

bool is_positional(const OptionRow& option) {
  return option.kind == OptionKind::positional || option.kind == OptionKind::positional_list;
}

std::string upper(std::string_view name) {
  std::string out(name);
  for (char& c : out)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
  return out;
}

std::string option_names(const OptionRow& option) {
  if (is_positional(option)) return upper(option.name);
  std::string out = option.letter == '\0' ? "    " : fmt::format("-{}, ", option.letter);
  out += "--" + std::string(option.name);
  if (!option.value.empty()) out += " " + std::string(option.value);
  return out;
}

std::string option_help(const OptionRow& option) {
  std::string out(option.help);
  if (!option.choices.empty()) {
    std::string choices(option.choices);
    std::ranges::replace(choices, '|', ' ');
    out += ": " + choices;
  }
  if (option.kind == OptionKind::list) out += " (may be repeated)";
  return out;
}

std::string aligned(const std::vector<std::pair<std::string, std::string>>& rows, const Painter& paint) {
  std::size_t width = 0;
  for (const auto& [left, right] : rows) width = std::max(width, std::min<std::size_t>(left.size(), 34));
  std::string out;
  for (const auto& [left, right] : rows)
    out += "  " + paint(Paint::cyan, left) + std::string(left.size() < width ? width - left.size() : 0, ' ') + "  " +
           right + "\n";
  return out;
}

std::string examples_text(std::span<const Example> examples, const Painter& paint) {
  std::string out;
  for (const auto& example : examples)
    out += fmt::format("  {}\n      {}\n", paint(Paint::green, "$ " + std::string(example.line)), example.meaning);
  return out;
}

}  // namespace

std::string render_usage(const CommandRow& command) {
  std::string out = "tocsin " + full_name(command) + " [options]";
  for (const auto& option : command.options) {
    if (!is_positional(option)) continue;
    std::string shown = upper(option.name);
    if (option.kind == OptionKind::positional_list) shown += "...";
    out += option.required ? " " + shown : " [" + shown + "]";
  }
  return out;
}

std::string render_overview(const CommandTable& table, const Painter& paint) {
  std::string out = "tocsin watches this host, raises alerts that explain themselves, and rehearses responses.\n\n";
  out += paint(Paint::strong, "Start here") + "\n";
  static constexpr Example first[] = {
      {"tocsin status", "is it running, what does it watch, what did it lose"},
      {"tocsin incident list", "what needs somebody"},
      {"tocsin incident show INC-2026-0001", "one incident: timeline, reasons, response"},
      {"tocsin alert list --since -2h --where 'alert.severity >= 70'", "the loud alerts of the last two hours"},
  };
  out += examples_text(first, paint) + "\n" + paint(Paint::strong, "Commands") + "\n";
  std::vector<std::pair<std::string, std::string>> rows;
  for (const auto& noun : table.nouns()) {
    std::string verbs;
    std::string summary;
    for (const auto* row : table.all()) {
      if (row->noun != noun) continue;
      if (!row->verb.empty()) verbs += (verbs.empty() ? "" : " | ") + std::string(row->verb);
      if (summary.empty()) summary = row->summary;
    }
    rows.emplace_back(noun, verbs.empty() ? summary : verbs);
  }
  out += aligned(rows, paint);
  out +=
      "\n`tocsin NOUN --help` and `tocsin NOUN VERB --help` say more; `man tocsin` says all.\n"
      "Exit: 0 ok, 1 failure, 2 usage, 3 not found, 4 denied, 5 conflict, 6 daemon unreachable, 7 partly done, 8 timed "
      "out.\n";
  return out;
}

std::string render_noun_help(const CommandTable& table, std::string_view noun, const Painter& paint) {
  std::string examples;
  std::vector<std::pair<std::string, std::string>> rows;
  for (const auto* row : table.all()) {
    if (row->noun != noun) continue;
    rows.emplace_back("tocsin " + full_name(*row), std::string(row->summary));
    if (!row->examples.empty()) examples += examples_text(row->examples.first(1), paint);
  }
  std::string out;
  if (!examples.empty()) out += paint(Paint::strong, "Examples") + "\n" + examples + "\n";
  return out + paint(Paint::strong, "Commands") + "\n" + aligned(rows, paint) +
         fmt::format("\n`tocsin {} VERB --help` says more.\n", noun);
}

std::string render_help(const CommandRow& command, const Painter& paint) {
  std::string out = std::string(command.summary) + "\n\n";
  if (!command.examples.empty())
    out += paint(Paint::strong, "Examples") + "\n" + examples_text(command.examples, paint) + "\n";
  out += paint(Paint::strong, "Usage") + "\n  " + render_usage(command) + "\n";
  std::vector<std::pair<std::string, std::string>> positional;
  std::vector<std::pair<std::string, std::string>> others;
  for (const auto& option : options_of(command))
    (is_positional(option) ? positional : others).emplace_back(option_names(option), option_help(option));
  if (!positional.empty()) out += "\n" + paint(Paint::strong, "Arguments") + "\n" + aligned(positional, paint);
  out += "\n" + paint(Paint::strong, "Options") + "\n" + aligned(others, paint);
  if (!command.details.empty()) out += "\n" + std::string(command.details) + "\n";
  return out;
}

namespace {

// man(7): backslashes and leading dots mean something, and a minus is \-.
std::string man_text(std::string_view text) {
  std::string out;
  bool line_start = true;
  for (const char c : text) {
    if (line_start && (c == '.' || c == '\'')) out += "\\&";
    line_start = c == '\n';
    if (c == '\\') out += "\\e";
    else if (c == '-') out += "\\-";
    else out += c;
  }
  return out;
}

void man_command(std::string& out, const CommandRow& command) {
  out += fmt::format(".SS {}\n{}\n.PP\n.B {}\n", man_text("tocsin " + full_name(command)), man_text(command.summary),
                     man_text(render_usage(command)));
  for (const auto& option : options_of(command)) {
    const bool shared = std::ranges::any_of(shared_options, [&](const SharedOption& s) {
      return s.option.name == option.name && s.option.help.data() == option.help.data();
    });
    if (shared) continue;
    out += fmt::format(".TP\n.B {}\n{}\n", man_text(trim(option_names(option))), man_text(option_help(option)));
  }
  if (!command.details.empty()) out += ".PP\n" + man_text(command.details) + "\n";
  for (const auto& example : command.examples)
    out += fmt::format(".PP\n{}:\n.PP\n.nf\n.RS\n$ {}\n.RE\n.fi\n", man_text(example.meaning), man_text(example.line));
}

}  // namespace

std::string render_man_page(const CommandTable& table, std::string_view version) {
  std::string out = fmt::format(".TH TOCSIN 1 \"\" \"Tocsin {}\" \"User Commands\"\n", man_text(version));
  out += ".SH NAME\ntocsin \\- watch a host, work incidents, rehearse responses\n";
  out += ".SH SYNOPSIS\n.B tocsin\n.I NOUN VERB\n[options] [arguments]\n";
  out +=
      ".SH DESCRIPTION\nTocsin watches a Linux host's packets, logs and files, raises alerts that explain themselves,\n"
      "groups them into incidents, and runs response playbooks that can be rehearsed and undone.\n"
      "Data goes to standard output, talk to standard error.\n";
  out += ".SH COMMANDS\n";
  for (const auto* command : table.all()) man_command(out, *command);
  out += ".SH COMMON OPTIONS\n";
  for (const auto& shared : shared_options)
    out += fmt::format(".TP\n.B {}\n{}\n", man_text(trim(option_names(shared.option))),
                       man_text(option_help(shared.option)));
  out +=
      ".SH EXIT STATUS\n"
      "0 ok, 1 failure, 2 usage, 3 not found, 4 denied or approval needed, 5 conflict, 6 daemon unreachable,\n"
      "7 partly done, 8 timed out.\n";
  out +=
      ".SH ENVIRONMENT\n"
      ".TP\n.B TOCSIN_CONFIG\nthe configuration file\n.TP\n.B TOCSIN_SOCKET\nthe control socket\n"
      ".TP\n.B TOCSIN_DATA, TOCSIN_STATE, TOCSIN_RUNTIME\ndirectories of data, kept things and sockets\n"
      ".TP\n.B COLUMNS\nwidth of tables where standard output is no terminal; not set: no limit\n"
      ".TP\n.B NO_COLOR\nno colours\n.TP\n.B PAGER\nthe pager; empty or cat: none\n";
  out +=
      ".SH FILES\n.TP\n.I /etc/tocsin/tocsin.yaml\nthe configuration\n.TP\n.I /run/tocsin/control.sock\nthe control "
      "socket\n"
      ".TP\n.I /var/lib/tocsin\nstore, reports, evidence\n";
  return out;
}

}  // namespace tocsin::daemon
