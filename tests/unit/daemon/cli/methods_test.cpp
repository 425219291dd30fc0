// Each command of `tocsin` that asks the daemon finds a method there.
#include <map>

#include <gtest/gtest.h>

#include "daemon/app/evidence/evidence_export.h"
#include "daemon/app/live/daemon.h"
#include "daemon/app/store_methods.h"
#include "daemon/cli/commands/tables.h"
#include "daemon/cli/relay.h"

namespace tocsin::daemon {
namespace {

// Commands whose handler asks for something of another name.
const std::map<std::string, std::string> otherwise{{"replay", "replay.run"}, {"doctor", "status"}};

TEST(Methods, the_daemon_has_one_for_every_command_that_asks_it) {
  const ManualClock clock;
  SeededRandom random(1);
  Log log(clock, LogLevel::error, LogPrefix::plain);
  Daemon daemon(Config{}, Places{}, clock, random, log);  // never started: only asked what it can be asked
  MethodTable methods;
  add_all_methods(methods, daemon);
  std::size_t asked = 0;
  const auto table = all_commands();
  for (const auto* command : table.all()) {
    if ((command->features & feature::daemon) == 0) continue;
    const auto other = otherwise.find(method_of(*command));
    const auto name = other == otherwise.end() ? method_of(*command) : other->second;
    EXPECT_NE(methods.find(name), nullptr) << "tocsin " << full_name(*command) << " asks for " << name;
    ++asked;
  }
  EXPECT_GT(asked, 20U);
  EXPECT_NE(methods.find("list.fields"), nullptr);  // asked for names that the program does not know
}

TEST(Methods, a_command_that_reads_a_store_is_answered_without_a_daemon) {
  const ManualClock clock;
  MethodTable methods;
  add_store_methods(methods, "/nonexistent", clock);
  add_evidence_export(methods, "/nonexistent", vault_of("/nonexistent", "", clock));
  const auto table = all_commands();
  for (const auto* command : table.all())
    if ((command->features & feature::store) != 0) {
      EXPECT_NE(methods.find(method_of(*command)), nullptr) << "tocsin " << full_name(*command) << " --store";
    }
}

}  // namespace
}  // namespace tocsin::daemon
