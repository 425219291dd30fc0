// tocsin: the analyst's end. Only lists the commands and hands over.

#include <sys/resource.h>

#include <iostream>
#include <string>
#include <vector>

#include "daemon/app/system_clock.h"
#include "daemon/cli/commands/tables.h"
#include "daemon/cli/run.h"

namespace {

// A replay keeps all its recordings open, since their events are met in the order of time; shells hand out a soft limit
// of 1,024 descriptors below a hard one that is larger.
void allow_many_files() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

int main(int argc, char** argv) {
  using namespace tocsin::daemon;
  allow_many_files();
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  const CommandTable table = all_commands();
  const SystemClock clock;
  const auto places = find_places();
  std::ios::sync_with_stdio(false);
  return run_program({arguments, table, places, clock, find_terminal(), std::cin, std::cout, std::cerr});
}
