// One incident from first alert to close, as data and as prose, against tests/golden/incident. TOCSIN_GOLDEN=update
// writes the files anew.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "responders/incident/casework.h"
#include "tests/unit/responders/incident/samples.h"

namespace tocsin::responders {
namespace {

using namespace samples;

void expect_golden(const std::string& name, const std::string& actual) {
  const std::string path = std::string(TOCSIN_SOURCE_DIR) + "/tests/golden/incident/" + name;
  if (const char* update = std::getenv("TOCSIN_GOLDEN"); update && std::string(update) == "update")
    std::ofstream(path, std::ios::binary) << actual;
  std::ifstream in(path, std::ios::binary);
  std::stringstream expected;
  expected << in.rdbuf();
  EXPECT_EQ(expected.str(), actual) << path;
}

TEST(IncidentGolden, a_walk_from_guess_to_close) {
  ManualClock clock(at(0));
  MemoryJournal journal;
  const Actor analyst{1000, 1000, "linh"};
  auto casework =
      Casework::start(journal, clock, IncidentIds::derived(7), {.self = {998, Actor::nobody, "tocsind"}}).value();
  IncidentId id;
  for (const auto& recipe : std::vector<AlertRecipe>{{.second = 0,
                                                      .attack = {"credential-access", "T1110.001"},
                                                      .entities = {from("203.0.113.9"), user("deploy")}},
                                                     {.second = 4,
                                                      .attack = {"credential-access", "T1110.001"},
                                                      .entities = {from("203.0.113.9"), user("deploy")}},
                                                     {.rule = "web|shell <b>",
                                                      .second = 60,
                                                      .engine = rules::Engine::yara,
                                                      .severity = 80,
                                                      .attack = {"persistence", "T1505.003"},
                                                      .entities = {file("/srv/up/\x1b[31mx.php")}}}) {
    const auto alert = make_alert(recipe);
    clock.advance_to(alert.time + std::chrono::milliseconds(20));
    id = casework.take(alert)->incident;
  }
  clock.advance_to(at(120));
  ASSERT_TRUE(casework.command(id, command::Assign{"linh"}, analyst));
  ASSERT_TRUE(casework.command(id, command::Start{"on it"}, analyst));
  clock.advance_to(at(180));
  ASSERT_TRUE(casework.command(id,
                               command::RecordRun{{.playbook = "Web shell",
                                                   .step = "Quarantine",
                                                   .action = "file.quarantine",
                                                   .mode = "apply",
                                                   .outcome = "applied",
                                                   .text = "1 file",
                                                   .contained = true}},
                               analyst));
  clock.advance_to(at(600));
  ASSERT_TRUE(casework.command(id, command::Close{Verdict::true_positive, "host rebuilt"}, analyst));
  const auto incident = casework.incident(id).value();
  expect_golden("walk.md", render_markdown(incident));
  expect_golden("walk.json", render_json(incident) + "\n");
  std::string lines;
  for (const auto& record : journal.records()) lines += record.json + "\n";
  expect_golden("walk.journal.ndjson", lines);
}

}  // namespace
}  // namespace tocsin::responders
