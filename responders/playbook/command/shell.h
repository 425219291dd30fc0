#pragma once
// Text for a shell, with variables that never become part of it: each use of `__name__:value` becomes a reference to a
// variable that the shell reads from its environment, quoted so that the value stays one word and is not read again.
// Where no quoting can hold that promise the text is unsafe, and says why. Pure; any thread.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "responders/playbook/variable/scope.h"

namespace tocsin::responders {

enum class ShellKind : std::uint8_t { posix, powershell };

struct ShellUse {
  std::string variable;      // "__name__"
  std::string environment;   // what the shell knows it by
  bool begins_word = false;  // a value that begins with '-' would be read as an option
  bool narrow = false;       // a program reads it in a language of its own: no free text
};

struct ShellText {
  std::string text;
  std::vector<ShellUse> uses;
  std::string unsafe;      // why it may not be run; empty: it may
  std::size_t offset = 0;  // of what is unsafe, in the text as written
};

ShellText compile_shell(ShellKind kind, std::string_view command);

// Name and value of every variable the text uses. not_found, invalid as Template::fill; denied: a value that would be
// read as an option, free text where a program reads a language of its own, or what the shell cannot hold (NUL; for
// PowerShell also a double quote).
Result<std::vector<std::pair<std::string, std::string>>> shell_values(ShellKind kind, const ShellText& text,
                                                                      const Lookup& lookup);

// What another host's shell is given on standard input: the values, spelled in digits only, then the text.
std::string remote_script(ShellKind kind, const ShellText& text,
                          const std::vector<std::pair<std::string, std::string>>& values);

}  // namespace tocsin::responders
