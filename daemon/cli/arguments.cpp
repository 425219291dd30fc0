#include "daemon/cli/arguments.h"

#include <algorithm>
#include <list>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "collectors/base/text.h"
#include "daemon/cli/shared_options.h"
#include "daemon/config/nearest.h"

namespace tocsin::daemon {
namespace {

using Words = std::vector<std::string>;

std::unexpected<Error> unknown_word(std::string_view what, std::string_view word, const Words& known,
                                    std::string_view see) {
  const auto close = nearest(word, known);
  return fail(Code::usage,
              close.empty()
                  ? fmt::format("there is no {} `{}`; see `{}`", what, escape_terminal(word), see)
                  : fmt::format("there is no {} `{}`; did you mean `{}`?", what, escape_terminal(word), close));
}

// Options may stand before the noun; they are moved behind the command.
Words leading_options_last(std::span<const std::string> arguments) {
  Words leading;
  std::size_t i = 0;
  for (; i < arguments.size() && arguments[i].size() > 1 && arguments[i].starts_with('-'); ++i) {
    leading.push_back(arguments[i]);
    for (const auto& shared : shared_options) {
      const bool takes = shared.option.kind == OptionKind::value;
      const bool is_long = arguments[i] == "--" + std::string(shared.option.name);
      const bool is_short = shared.option.letter != '\0' && arguments[i] == std::string{'-', shared.option.letter};
      if (takes && (is_long || is_short) && i + 1 < arguments.size()) leading.push_back(arguments[++i]);
    }
  }
  Words out(arguments.begin() + static_cast<std::ptrdiff_t>(i), arguments.end());
  out.insert(out.end(), leading.begin(), leading.end());
  return out;
}

bool asks_for(const Words& words, std::string_view long_name, std::string_view short_name) {
  for (const auto& word : words) {
    if (word == "--") return false;
    if (word == long_name || word == short_name) return true;
  }
  return false;
}

std::string flag_names(const OptionRow& option) {
  std::string names;
  if (option.letter != '\0') names = fmt::format("-{},", option.letter);
  return names + "--" + std::string(option.name);
}

struct Binding {
  OptionRow row;
  CLI::Option* option = nullptr;
  Words values;
  bool set = false;
};

// Only the last of the arguments without a name may take all that is left.
enum class Place : std::uint8_t { last, followed };

void bind(CLI::App& app, Binding& binding, Place place) {
  const auto& row = binding.row;
  switch (row.kind) {
    case OptionKind::flag: binding.option = app.add_flag(flag_names(row), binding.set); break;
    case OptionKind::value:
    case OptionKind::list: binding.option = app.add_option(flag_names(row), binding.values)->expected(1); break;
    case OptionKind::positional:  // one; more are refused by check_values, which can say which
    case OptionKind::positional_list:
      binding.option = app.add_option(std::string(row.name), binding.values);
      if (place == Place::last) binding.option->expected(-1);
      else binding.option->expected(1)->allow_extra_args(false);
      break;
  }
  if (row.kind == OptionKind::list)
    binding.option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)->expected(1)->allow_extra_args(false);
  if (row.kind == OptionKind::value)
    binding.option->multi_option_policy(CLI::MultiOptionPolicy::TakeLast)->allow_extra_args(false);
}

Error explain(const CommandRow& command, const std::list<Binding>& bindings, const Words& extras,
              const std::string& library) {
  for (const auto& extra : extras) {
    if (!extra.starts_with('-'))
      return {Code::usage, fmt::format("`tocsin {}` does not know what to do with `{}`; see `tocsin {} --help`",
                                       full_name(command), escape_terminal(extra), full_name(command))};
    Words known;
    for (const auto& b : bindings) known.push_back("--" + std::string(b.row.name));
    return unknown_word("option", extra.substr(0, extra.find('=')), known, "tocsin " + full_name(command) + " --help")
        .error();
  }
  return {Code::usage, fmt::format("{}; see `tocsin {} --help`", escape_terminal(library), full_name(command))};
}

Result<void> check_values(const CommandRow& command, const Binding& binding) {
  const auto& row = binding.row;
  const bool positional = row.kind == OptionKind::positional || row.kind == OptionKind::positional_list;
  const auto shown = positional ? std::string(row.name) : "--" + std::string(row.name);
  if (binding.option->count() == 0) {
    if (!row.required) return {};
    return fail(Code::usage, fmt::format("`tocsin {}` needs {}; see `tocsin {} --help`", full_name(command), shown,
                                         full_name(command)));
  }
  if (row.kind == OptionKind::positional && binding.values.size() > 1)
    return std::unexpected(explain(command, {}, {binding.values[1]}, {}));
  if (row.choices.empty()) return {};
  Words known;
  for (const auto choice : split(row.choices, '|')) known.emplace_back(choice);
  for (const auto& value : binding.values) {
    if (std::ranges::find(known, value) != known.end()) continue;
    const auto close = nearest(value, known);
    return fail(Code::usage,
                fmt::format("{} takes {}, not `{}`{}", shown, fmt::join(known, ", "), escape_terminal(value),
                            close.empty() ? "" : fmt::format("; did you mean `{}`?", close)));
  }
  return {};
}

Result<Options> parse_options(const CommandRow& command, Words words) {
  CLI::App app;
  app.set_help_flag();
  app.allow_extras();
  std::list<Binding> bindings;
  const auto rows = options_of(command);
  const auto positional = [](const OptionRow& row) {
    return row.kind == OptionKind::positional || row.kind == OptionKind::positional_list;
  };
  for (auto row = rows.begin(); row != rows.end(); ++row)
    bind(app, bindings.emplace_back(Binding{*row, nullptr, {}, false}),
         std::any_of(std::next(row), rows.end(), positional) ? Place::followed : Place::last);
  try {
    auto reversed = words;
    std::ranges::reverse(reversed);  // the library takes them from the back
    app.parse(std::move(reversed));
  } catch (const CLI::ParseError& e) {
    return std::unexpected(explain(command, bindings, {}, e.what()));
  }
  // An unknown option first: its value may have been taken for an argument.
  if (const auto extras = app.remaining(); !extras.empty())
    return std::unexpected(explain(command, bindings, extras, {}));
  Options options;
  for (auto& binding : bindings) {
    TOCSIN_CHECK(check_values(command, binding));
    if (binding.option->count() != 0) options.set(binding.row.name, std::move(binding.values));
  }
  if ((command.features & feature::change) != 0 && !options.flag("dry-run") && options.text_or("reason", "").empty())
    return fail(Code::usage,
                fmt::format("`tocsin {}` changes something; say why with --reason \"…\"", full_name(command)));
  return options;
}

}  // namespace

Result<Invocation> parse_arguments(const CommandTable& table, std::span<const std::string> arguments) {
  Words words = leading_options_last(arguments);
  Invocation invocation;
  if (words.empty() || words.front().starts_with('-')) {
    if (asks_for(words, "--version", "-V")) invocation.kind = Invocation::Kind::version;
    else if (!words.empty() && !asks_for(words, "--help", "-h"))
      return fail(Code::usage, "say what to do, e.g. `tocsin status`; see `tocsin --help`");
    return invocation;
  }
  const bool help_first = words.front() == "help";
  if (help_first) words.erase(words.begin());
  if (words.empty()) return invocation;
  const std::string noun = words.front();
  const auto verbs = table.verbs(noun);
  if (verbs.empty()) return unknown_word("command", noun, table.nouns(), "tocsin --help");
  words.erase(words.begin());
  const bool has_verb = !words.empty() && std::ranges::find(verbs, words.front()) != verbs.end();
  const bool help = help_first || asks_for(words, "--help", "-h");
  if (!has_verb && table.find(noun, "") == nullptr) {
    if (!words.empty() && !words.front().starts_with('-'))
      return unknown_word(
          "command", noun + " " + words.front(),
          [&] {
            Words known;
            for (const auto& verb : verbs) known.push_back(noun + " " + verb);
            return known;
          }(),
          "tocsin " + noun + " --help");
    if (!help)
      return fail(Code::usage, fmt::format("`tocsin {}` needs one of: {}; see `tocsin {} --help`", noun,
                                           fmt::join(verbs, ", "), noun));
    invocation.kind = Invocation::Kind::help;
    invocation.noun = noun;
    return invocation;
  }
  invocation.command = table.find(noun, has_verb ? words.front() : "");
  if (has_verb) words.erase(words.begin());
  invocation.kind = help ? Invocation::Kind::help : Invocation::Kind::command;
  if (help) return invocation;
  TOCSIN_TRY(invocation.options, parse_options(*invocation.command, std::move(words)));
  return invocation;
}

}  // namespace tocsin::daemon
