// tocsin: the analyst's end. Only lists the commands and hands over.

#include <iostream>
#include <string>
#include <vector>

#include "daemon/app/system_clock.h"
#include "daemon/cli/commands/tables.h"
#include "daemon/cli/run.h"

int main(int argc, char** argv) {
  using namespace tocsin::daemon;
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  const CommandTable table = all_commands();
  const SystemClock clock;
  const auto places = find_places();
  std::ios::sync_with_stdio(false);
  return run_program({arguments, table, places, clock, find_terminal(), std::cin, std::cout, std::cerr});
}
