#include "responders/playbook/inputs.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "tests/unit/responders/incident/samples.h"

namespace tocsin::responders {
namespace {

using samples::AlertRecipe;

Incident incident_of(const std::vector<AlertRecipe>& recipes) {
  Incident out;
  out.alias = "INC-2026-0001";
  for (const auto& recipe : recipes) {
    out.alerts.push_back(summarize(samples::make_alert(recipe)));
    for (const auto& entity : out.alerts.back().entities) out.entities.push_back(entity);
  }
  std::ranges::sort(out.entities);
  return out;
}

std::string input(const Incident& incident, std::string_view name) {
  for (const auto& [key, value] : inputs_from_incident(incident, "web1"))
    if (key == name) return value;
  return {};
}

TEST(Inputs, the_user_is_who_was_entered_by_and_else_whom_most_alerts_name) {
  const AlertRecipe noise{.rule = "scan", .entities = {samples::user("aaron")}};
  const AlertRecipe guessing{.rule = "guess", .entities = {samples::user("deploy")}};
  const AlertRecipe more{.rule = "more", .entities = {samples::user("deploy")}};
  EXPECT_EQ(input(incident_of({noise, guessing, more}), "__user__"), "deploy");
  const AlertRecipe entered{.rule = "entered", .attack = {"T1078.003"}, .entities = {samples::user("backup")}};
  EXPECT_EQ(input(incident_of({noise, guessing, more, entered}), "__user__"), "backup");
  EXPECT_EQ(input(incident_of({noise}), "__user__"), "aaron");
  EXPECT_EQ(input(incident_of({{.rule = "none"}}), "__user__"), "");
}

TEST(Inputs, the_file_is_a_path_of_a_host_and_what_yara_looked_into_comes_first) {
  const AlertRecipe attachment{.rule = "2026002", .entities = {samples::file("shell.php")}};
  const AlertRecipe log{.rule = "log", .entities = {samples::file("/etc/passwd")}};
  const AlertRecipe scanned{
      .rule = "webshell", .engine = rules::Engine::yara, .entities = {samples::file("/srv/www/shell.php")}};
  EXPECT_EQ(input(incident_of({attachment}), "__file__"), "");
  EXPECT_EQ(input(incident_of({attachment, log}), "__file__"), "/etc/passwd");
  EXPECT_EQ(input(incident_of({attachment, log, scanned}), "__file__"), "/srv/www/shell.php");
}

TEST(Inputs, the_process_the_unit_and_the_key_are_of_this_host_and_of_the_latest_that_knows) {
  Incident incident =
      incident_of({{.rule = "one"}, {.rule = "two"}, {.rule = "three"}, {.rule = "far", .host = "db1"}});
  for (const auto* name : {"__pid__", "__unit__", "__key__", "__cron__"}) EXPECT_EQ(input(incident, name), "") << name;
  incident.alerts[0].facts = {41, "/usr/bin/xmrig", "old.service", "SHA256:old", {}};
  incident.alerts[1].facts = {42, "/tmp/xmrig", "miner.service", "SHA256:new", {}};
  incident.alerts[3].facts = {43, "/tmp/x", "far.service", "SHA256:far", {}};
  EXPECT_EQ(input(incident, "__pid__"), "42");
  EXPECT_EQ(input(incident, "__unit__"), "miner.service");
  EXPECT_EQ(input(incident, "__key__"), "SHA256:new");
}

TEST(Inputs, a_table_of_cron_is_named_as_it_is_disabled) {
  for (const auto& [path, table] :
       {std::pair("/etc/cron.d/job", "cron.d/job"), std::pair("/var/spool/cron/crontabs/ann", "crontabs/ann"),
        std::pair("/etc/cron.daily/x", "cron.daily/x"), std::pair("/etc/cron.d/", ""), std::pair("/etc/cron.d/a/b", ""),
        std::pair("/srv/etc/cron.d/x", ""), std::pair("/etc/passwd", "")})
    EXPECT_EQ(input(incident_of({{.rule = "r", .entities = {samples::file(path)}}}), "__cron__"), table) << path;
}

}  // namespace
}  // namespace tocsin::responders
