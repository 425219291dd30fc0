#pragma once
// Command line → command and options, by the command table. No side effects.

#include <span>
#include <string>

#include "collectors/base/result.h"
#include "daemon/cli/command.h"

namespace tocsin::daemon {

struct Invocation {
  enum class Kind : std::uint8_t { command, help, overview, version };
  Kind kind = Kind::overview;
  const CommandRow* command = nullptr;  // command and help of one
  std::string noun;                     // help of a whole noun
  Options options;
};

// `arguments` without the program's name. usage errors say what was meant.
Result<Invocation> parse_arguments(const CommandTable& table, std::span<const std::string> arguments);

}  // namespace tocsin::daemon
