#pragma once
// The whole of `tocsin` behind main: parse, run, report. Tests call it with string streams.

#include <iosfwd>
#include <span>
#include <string>

#include "daemon/cli/command.h"
#include "daemon/cli/terminal.h"

namespace tocsin::daemon {

struct ProgramInput {
  std::span<const std::string> arguments;  // without the program's name
  const CommandTable& table;
  const Places& places;
  const Clock& clock;
  Terminal terminal;
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
};

// Exit status as DESIGN section 8.
int run_program(const ProgramInput& input);

}  // namespace tocsin::daemon
