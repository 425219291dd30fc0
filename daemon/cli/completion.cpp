#include <fmt/format.h>

#include "collectors/base/text.h"
#include "daemon/cli/help.h"
#include "daemon/cli/shared_options.h"

namespace tocsin::daemon {
namespace {

std::string words_of(const CommandRow& command) {
  std::string out;
  for (const auto& option : options_of(command)) {
    if (option.kind == OptionKind::positional || option.kind == OptionKind::positional_list) continue;
    out += (out.empty() ? "--" : " --") + std::string(option.name);
    if (option.letter != '\0') out += fmt::format(" -{}", option.letter);
  }
  return out;
}

// Cases for the word before the cursor: choices, files, or nothing to offer.
std::string value_cases(const CommandRow& command) {
  std::string out;
  for (const auto& option : options_of(command)) {
    if (option.kind != OptionKind::value && option.kind != OptionKind::list) continue;
    std::string names = "--" + std::string(option.name);
    if (option.letter != '\0') names += fmt::format("|-{}", option.letter);
    std::string offer = "COMPREPLY=()";
    if (!option.choices.empty()) {
      std::string choices;
      for (const auto choice : split(option.choices, '|'))
        choices += (choices.empty() ? "" : " ") + std::string(choice);
      offer = fmt::format("COMPREPLY=($(compgen -W '{}' -- \"$cur\"))", choices);
    } else if (option.value == "FILE" || option.value == "PATH" || option.value == "DIR") {
      offer = "COMPREPLY=($(compgen -f -- \"$cur\"))";
    }
    out += fmt::format("        {}) {}; return;;\n", names, offer);
  }
  return out;
}

std::string positional_offer(const CommandRow& command) {
  for (const auto& option : command.options) {
    if (option.kind != OptionKind::positional && option.kind != OptionKind::positional_list) continue;
    if (!option.choices.empty()) {
      std::string choices;
      for (const auto choice : split(option.choices, '|')) choices += " " + std::string(choice);
      return fmt::format("COMPREPLY+=($(compgen -W '{}' -- \"$cur\"))", choices.substr(1));
    }
    if (option.name == "input" || option.name == "path" || option.name == "file")
      return "COMPREPLY+=($(compgen -f -- \"$cur\"))";
  }
  return ":";
}

}  // namespace

std::string render_bash_completion(const CommandTable& table) {
  std::string nouns;
  std::string verbs;
  std::string commands;
  for (const auto& noun : table.nouns()) {
    nouns += (nouns.empty() ? "" : " ") + noun;
    std::string of_noun;
    for (const auto& verb : table.verbs(noun))
      if (!verb.empty()) of_noun += (of_noun.empty() ? "" : " ") + verb;
    if (!of_noun.empty()) verbs += fmt::format("    {}) verbs='{}';;\n", noun, of_noun);
  }
  for (const auto* command : table.all())
    commands += fmt::format(
        "    '{}')\n      case \"$prev\" in\n{}      esac\n      COMPREPLY=($(compgen -W '{}' -- \"$cur\"))\n      "
        "{};;\n",
        full_name(*command), value_cases(*command), words_of(*command), positional_offer(*command));
  return "# bash completion for tocsin; made by `tocsin completion bash`\n_tocsin() {\n"
         "  local cur=\"${COMP_WORDS[COMP_CWORD]}\" prev=\"${COMP_WORDS[COMP_CWORD-1]}\"\n"
         "  local noun=\"${COMP_WORDS[1]}\" verb=\"${COMP_WORDS[2]}\" verbs='' command\n"
         "  COMPREPLY=()\n"
         "  if [ \"$COMP_CWORD\" -eq 1 ]; then COMPREPLY=($(compgen -W '" +
         nouns + "' -- \"$cur\")); return; fi\n  case \"$noun\" in\n" + verbs +
         "  esac\n"
         "  if [ -n \"$verbs\" ] && [ \"$COMP_CWORD\" -eq 2 ]; then COMPREPLY=($(compgen -W \"$verbs\" -- \"$cur\")); "
         "return; fi\n"
         "  command=\"$noun\"\n  case \" $verbs \" in *\" $verb \"*) [ -n \"$verb\" ] && command=\"$noun $verb\";; "
         "esac\n"
         "  case \"$command\" in\n" +
         commands + "  esac\n}\ncomplete -o filenames -F _tocsin tocsin\n";
}

}  // namespace tocsin::daemon
