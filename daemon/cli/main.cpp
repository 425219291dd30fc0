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
  const CommandTable table{replay_commands(), rule_commands(),   local_playbook_commands(), status_commands(),
                           doctor_commands(), alert_commands(),  incident_commands(),       playbook_commands(),
                           action_commands(), record_commands(), config_commands(),         list_commands(),
                           page_commands()};
  const SystemClock clock;
  const auto places = find_places();
  std::ios::sync_with_stdio(false);
  return run_program({arguments, table, places, clock, find_terminal(), std::cin, std::cout, std::cerr});
}
