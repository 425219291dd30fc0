#include "daemon/store/store.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <fstream>

#include "daemon/store/reader.h"
#include "daemon/store/schema.h"
#include "responders/incident/casework.h"
#include "tests/unit/daemon/store/scratch.h"
#include "tests/unit/responders/incident/samples.h"

namespace tocsin::daemon {
namespace {

using namespace samples;
using responders::Casework;
using responders::IncidentIds;

rules::Alert numbered(std::int64_t i, const std::string& host = "web1") {
  return make_alert({.rule = "rule" + std::to_string(i % 7),
                     .second = i,
                     .severity = static_cast<std::uint8_t>(i % 100),
                     .entities = {from("203.0.113." + std::to_string(i % 5))},
                     .host = host});
}

std::unique_ptr<Store> open_store(const Scratch& scratch, const Clock& clock, StoreOptions options = {}) {
  auto store = Store::open(scratch.path(), OpenMode::create, clock, options);
  EXPECT_TRUE(store) << (store ? "" : store.error().text());
  return std::move(*store);
}

TEST(Store, a_checkpoint_is_kept_whole_and_alerts_come_back_as_they_were) {
  const Scratch scratch;
  ManualClock clock(at(0));
  const auto alert = numbered(1);
  {
    auto store = open_store(scratch, clock);
    Checkpoint checkpoint;
    checkpoint.alerts = {alert, numbered(2), alert};
    checkpoint.positions = {{"file:/var/log/auth.log", "{\"offset\":42}"}};
    checkpoint.detectors = {{"sigma", std::string("\0state", 6)}};
    const auto done = store->commit(std::move(checkpoint));
    ASSERT_TRUE(done) << done.error().text();
    EXPECT_EQ(done->stored, 2U);
    EXPECT_EQ(done->known, 1U);
  }
  auto store = open_store(scratch, clock);
  EXPECT_EQ(store->positions().value().at("file:/var/log/auth.log"), "{\"offset\":42}");
  EXPECT_EQ(store->detector("sigma").value(), std::string("\0state", 6));
  auto reader = StoreReader::open(scratch.path()).value();
  const auto row = reader->alert(render_digest(alert.id).substr(0, 8)).value();
  EXPECT_EQ(row.json, rules::render_json(alert));
  EXPECT_EQ(reader->alert("0000").error().code, Code::not_found);
  EXPECT_EQ(reader->alert("' OR 1=1").error().code, Code::not_found);
}

TEST(Store, an_error_of_casework_rolls_the_checkpoint_back_and_the_alerts_wait) {
  const Scratch scratch;
  ManualClock clock(at(0));
  auto store = open_store(scratch, clock);
  Checkpoint checkpoint;
  checkpoint.alerts = {numbered(1)};
  checkpoint.positions = {{"a", "1"}};
  EXPECT_FALSE(
      store->commit(checkpoint, [](const rules::Alert&) -> Result<void> { return fail(Code::failure, "no"); }));
  EXPECT_TRUE(store->positions()->empty());
  EXPECT_EQ(store->status().backlog, 1U);
  int taken = 0;
  const auto done = store->commit({}, [&](const rules::Alert&) -> Result<void> {
    ++taken;
    return {};
  });
  EXPECT_EQ(done->stored, 1U);
  EXPECT_EQ(taken, 1);
  EXPECT_EQ(store->status().backlog, 0U);
}

TEST(Store, queries_find_alerts_by_each_column_and_page_through_them) {
  const Scratch scratch;
  ManualClock clock(at(0));
  auto store = open_store(scratch, clock);
  Checkpoint checkpoint;
  for (std::int64_t i = 0; i < 100; ++i) checkpoint.alerts.push_back(numbered(i, i % 2 == 0 ? "web1" : "web2"));
  checkpoint.alerts.push_back(make_alert({.rule = "drill", .second = 5, .exercise = Exercise::yes}));
  ASSERT_TRUE(store->commit(std::move(checkpoint)));
  auto reader = StoreReader::open(scratch.path()).value();
  const auto count = [&](AlertQuery query) {
    query.limit = 1000;
    return reader->alerts(query).value().alerts.size();
  };
  EXPECT_EQ(count({}), 101U);
  EXPECT_EQ(count({.since = at(90)}), 10U);
  EXPECT_EQ(count({.since = at(10), .until = at(20)}), 10U);
  EXPECT_EQ(count({.rule = "rule3"}), 14U);
  EXPECT_EQ(count({.host = "web2"}), 50U);
  EXPECT_EQ(count({.entity = "203.0.113.4"}), 20U);
  EXPECT_EQ(count({.severity_least = 95}), 5U);
  EXPECT_EQ(count({.exercise = ExerciseFilter::without}), 100U);
  EXPECT_EQ(count({.exercise = ExerciseFilter::only}), 1U);
  EXPECT_EQ(count({.entity = "%' OR '1'='1"}), 0U);
  for (const auto order : {Order::newest_first, Order::oldest_first}) {
    AlertQuery query{.order = order, .limit = 7};
    std::vector<rules::AlertId> seen;
    Time before = order == Order::newest_first ? at(10'000) : at(-1);
    do {
      const auto page = reader->alerts(query).value();
      for (const auto& row : page.alerts) {
        EXPECT_TRUE(order == Order::newest_first ? row.time <= before : row.time >= before);
        before = row.time;
        seen.push_back(row.id);
      }
      query.cursor = page.next;
    } while (!query.cursor.empty());
    EXPECT_EQ(seen.size(), 101U);
    std::ranges::sort(seen);
    EXPECT_EQ(std::ranges::adjacent_find(seen), seen.end());
  }
  EXPECT_EQ(reader->alerts({.cursor = "x"}).error().code, Code::usage);
}

TEST(Store, casework_on_the_store_survives_a_restart_and_its_journal_holds) {
  const Scratch scratch;
  ManualClock clock(at(0));
  responders::CaseworkOptions options{.self = {998, responders::Actor::nobody, "tocsind"}};
  IncidentId id;
  std::string before;
  {
    auto store = open_store(scratch, clock);
    auto casework = Casework::start(store->journal(), clock, IncidentIds::derived(1), options).value();
    Checkpoint checkpoint;
    for (std::int64_t i = 0; i < 20; ++i) checkpoint.alerts.push_back(numbered(5 * i));
    ASSERT_TRUE(store->commit(checkpoint, [&](const rules::Alert& alert) -> Result<void> {
      TOCSIN_TRY(const auto taken, casework.take(alert));
      id = taken.incident;
      return {};
    }));
    ASSERT_TRUE(casework.command(id, responders::command::Start{"looking"}, {1000, 1000, "linh"}));
    before = responders::render_json(casework.incident(id).value());
  }
  auto store = open_store(scratch, clock);
  auto casework = Casework::start(store->journal(), clock, IncidentIds::derived(1), options).value();
  EXPECT_EQ(responders::render_json(casework.incident(id).value()), before);
  EXPECT_EQ(casework.take(numbered(5)).value().how, responders::Taken::known);
  EXPECT_TRUE(store->verify());
  auto reader = StoreReader::open(scratch.path()).value();
  EXPECT_EQ(responders::render_json(reader->incident(id).value()), before);
  EXPECT_EQ(reader->find_incident("INC-2026-0001").value(), id);
  EXPECT_EQ(reader->find_incident("inc-2026-0001").value(), id);
  EXPECT_EQ(reader->find_incident("1").value(), id);
  EXPECT_EQ(reader->find_incident(render_uuid(id.uuid).substr(0, 9)).value(), id);
  EXPECT_EQ(reader->find_incident("INC-2026-0009").error().code, Code::not_found);
  const auto page = reader->incidents({.state = "in_progress"}).value();
  ASSERT_EQ(page.incidents.size(), 1U);
  EXPECT_EQ(page.incidents[0].alert_count, 20U);
  EXPECT_EQ(reader->alerts({.incident = id, .limit = 500}).value().alerts.size(), 20U);
  // Somebody with access to the file alters the record.
  ASSERT_TRUE(
      store->database().execute("UPDATE journal SET json = replace(json, 'looking', 'nothing') WHERE kind = "
                                "'state_changed'"));
  EXPECT_EQ(store->verify().error().code, Code::invalid);
}

TEST(Store, a_full_disk_stops_storing_keeps_the_alerts_and_ends_when_there_is_room) {
  const Scratch scratch;
  ManualClock clock(at(0));
  auto store = open_store(scratch, clock, {.bytes_most = 400'000, .backlog_most = 50});
  auto casework = Casework::start(store->journal(), clock, IncidentIds::derived(1), {}).value();
  const auto take = [&](const rules::Alert& alert) -> Result<void> {
    TOCSIN_TRY(const auto taken, casework.take(alert));
    EXPECT_TRUE(taken.incident);
    return {};
  };
  std::int64_t next = 0;
  Result<Committed> done;
  while (done && next < 10'000) {
    Checkpoint checkpoint;
    for (int i = 0; i < 10; ++i) checkpoint.alerts.push_back(numbered(next++));
    checkpoint.positions = {{"a", std::to_string(next)}};
    done = store->commit(std::move(checkpoint), take);
  }
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Code::exhausted);
  ASSERT_TRUE(casework.reload());
  const auto stored = next - 10;
  EXPECT_EQ(store->status().state, StoreState::full);
  EXPECT_FALSE(store->status().trouble.empty());
  EXPECT_EQ(store->positions()->at("a"), std::to_string(stored));
  // Until `retry` has passed the disk is left alone; what does not fit the backlog is counted.
  for (int i = 0; i < 6; ++i) {
    Checkpoint more;
    for (int j = 0; j < 10; ++j) more.alerts.push_back(numbered(next++));
    EXPECT_EQ(store->commit(std::move(more), take).error().code, Code::exhausted);
  }
  EXPECT_EQ(store->status().backlog, 50U);
  EXPECT_EQ(store->status().lost, 20U);
  // Room again.
  ASSERT_TRUE(store->database().query_number("PRAGMA max_page_count = 1000000"));
  clock.advance_to(at(100));
  done = store->commit({}, take);
  ASSERT_TRUE(done) << done.error().text();
  EXPECT_EQ(done->stored, 50U);
  EXPECT_EQ(store->status().state, StoreState::ready);
  EXPECT_TRUE(store->verify());
  auto reader = StoreReader::open(scratch.path()).value();
  EXPECT_EQ(reader->alerts({.limit = 100'000}).value().alerts.size(), static_cast<std::size_t>(stored + 50));
  const auto blind = reader->blind(at(0), at(1000)).value();
  ASSERT_EQ(blind.size(), 1U);
  EXPECT_EQ(blind[0].cause, "disk full");
  EXPECT_EQ(blind[0].count, 20U);
}

TEST(Store, a_backlog_comes_in_rounds_and_what_is_committed_of_it_stays) {
  const Scratch scratch;
  ManualClock clock(at(0));
  auto store = open_store(scratch, clock, {.bytes_most = 400'000, .round_most = 10});
  Checkpoint checkpoint;
  for (int i = 0; i < 2'000; ++i) checkpoint.alerts.push_back(numbered(i));
  checkpoint.positions = {{"a", "2000"}};
  std::size_t taken = 0;
  std::size_t sure = 0;
  const auto take = [&](const rules::Alert&) -> Result<void> {
    ++taken;
    return {};
  };
  EXPECT_EQ(store->commit(std::move(checkpoint), take, [&] { sure = taken; }).error().code, Code::exhausted);
  ASSERT_GT(sure, 0U);
  EXPECT_EQ(sure % 10, 0U);
  EXPECT_EQ(store->status().backlog, 2'000 - sure);
  EXPECT_FALSE(store->positions()->contains("a"));
  auto reader = StoreReader::open(scratch.path()).value();
  EXPECT_EQ(reader->alerts({.limit = 100'000}).value().alerts.size(), sure);
}

TEST(Store, storing_stops_before_the_last_free_bytes_are_gone) {
  const Scratch scratch;
  ManualClock clock(at(0));
  auto store = open_store(scratch, clock, {.free_least = 1ULL << 60});
  Checkpoint checkpoint;
  checkpoint.alerts = {numbered(1)};
  EXPECT_EQ(store->commit(std::move(checkpoint)).error().code, Code::exhausted);
  EXPECT_EQ(store->status().state, StoreState::full);
  EXPECT_EQ(store->status().backlog, 1U);
}

TEST(Store, a_round_in_steps_ends_as_one_transaction) {
  const Scratch scratch;
  ManualClock clock(at(0));
  auto store = open_store(scratch, clock);
  auto casework = Casework::start(store->journal(), clock, IncidentIds::derived(1), {}).value();
  ASSERT_TRUE(store->begin());
  EXPECT_TRUE(casework.take(numbered(1)));
  EXPECT_TRUE(store->add(numbered(1)).value());
  EXPECT_FALSE(store->add(numbered(1)).value());
  store->rollback();
  ASSERT_TRUE(casework.reload());
  EXPECT_EQ(store->journal().verify()->sequence, 0U);
  ASSERT_TRUE(store->begin());
  for (const auto& alert : store->take_backlog()) {
    EXPECT_TRUE(casework.take(alert));
    EXPECT_TRUE(store->add(alert));
  }
  ASSERT_TRUE(store->commit());
  EXPECT_EQ(store->journal().verify()->sequence, 2U);
  EXPECT_EQ(store->commit().error().code, Code::conflict);
}

// The child commits round after round until it is killed; what the parent finds must be whole rounds, and playing
// everything again must end with each alert once.
TEST(Store, kill_9_loses_nothing_and_doubles_nothing) {
  const Scratch scratch;
  constexpr std::int64_t rounds = 400;
  for (int attempt = 0; attempt < 4; ++attempt) {
    std::array<int, 2> progress{};
    ASSERT_EQ(::pipe(progress.data()), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    const auto play = [&] {
      ManualClock clock(at(0));
      auto store = open_store(scratch, clock);
      auto casework = Casework::start(store->journal(), clock, IncidentIds::derived(1), {}).value();
      const auto positions = store->positions().value();
      std::int64_t round = positions.contains("a") ? std::stoll(positions.at("a")) : 0;
      for (; round < rounds; ++round) {
        Checkpoint checkpoint;
        checkpoint.alerts = {numbered(2 * round), numbered(2 * round + 1)};
        checkpoint.positions = {{"a", std::to_string(round + 1)}};
        const auto done = store->commit(std::move(checkpoint), [&](const rules::Alert& alert) -> Result<void> {
          TOCSIN_CHECK(casework.take(alert));
          return {};
        });
        if (!done || ::write(progress[1], "x", 1) != 1) ::_exit(1);
      }
    };
    if (child == 0) {
      play();
      ::_exit(0);
    }
    if (attempt < 3) {
      // Some rounds in; where exactly within a round the kill falls is left to chance, and any place must do.
      char seen = 0;
      for (int i = 0; i < 37 * (attempt + 1); ++i) ASSERT_EQ(::read(progress[0], &seen, 1), 1);
      ::kill(child, SIGKILL);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    ::close(progress[0]);
    ::close(progress[1]);
    if (attempt == 3) {
      ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
  }
  ManualClock clock(at(0));
  auto store = open_store(scratch, clock);
  EXPECT_TRUE(store->verify());
  auto reader = StoreReader::open(scratch.path()).value();
  EXPECT_EQ(reader->alerts({.limit = 10'000}).value().alerts.size(), static_cast<std::size_t>(2 * rounds));
  std::uint64_t in_incidents = 0;
  const auto page = reader->incidents({.limit = 10'000}).value();
  for (const auto& row : page.incidents) in_incidents += row.alert_count;
  EXPECT_EQ(in_incidents, static_cast<std::uint64_t>(2 * rounds));
}

TEST(StoreOpen, a_second_daemon_is_refused) {
  const Scratch scratch;
  ManualClock clock(at(0));
  auto first = open_store(scratch, clock);
  const auto second = Store::open(scratch.path(), OpenMode::create, clock);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::conflict);
}

TEST(StoreOpen, a_corrupt_or_foreign_or_newer_file_is_refused_and_left_alone) {
  ManualClock clock(at(0));
  const auto refused = [&](const Scratch& scratch) {
    const auto store = Store::open(scratch.path(), OpenMode::create, clock);
    EXPECT_FALSE(store);
    EXPECT_NE(store.error().message.find(';'), std::string::npos) << "no next step: " << store.error().message;
    return store ? Code::failure : store.error().code;
  };
  const Scratch text;
  std::ofstream(text.path() / "store.db") << std::string(10'000, 'x');
  EXPECT_EQ(refused(text), Code::invalid);

  const Scratch damaged;
  {
    auto store = open_store(damaged, clock);
    Checkpoint checkpoint;
    for (std::int64_t i = 0; i < 200; ++i) checkpoint.alerts.push_back(numbered(i));
    ASSERT_TRUE(store->commit(std::move(checkpoint)));
  }
  {
    std::fstream file(damaged.path() / "store.db", std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(4096 * 20);
    file << std::string(4096 * 4, '\x5a');
  }
  EXPECT_EQ(refused(damaged), Code::invalid);

  const Scratch newer;
  {
    auto store = open_store(newer, clock);
    ASSERT_TRUE(store->database().execute("PRAGMA user_version = 99"));
  }
  EXPECT_EQ(refused(newer), Code::conflict);
  {
    const auto database = Database::open((newer.path() / "store.db").string(), DatabaseMode::write);
    ASSERT_TRUE(database && (*database)->execute("PRAGMA user_version = -1"));
    EXPECT_EQ(migrate(**database).error().code, Code::invalid);
    ASSERT_TRUE((*database)->execute("PRAGMA user_version = 99"));
  }
  EXPECT_EQ(StoreReader::open(newer.path()).error().code, Code::conflict);

  const Scratch foreign;
  {
    auto other = Database::open((foreign.path() / "store.db").string(), DatabaseMode::create).value();
    ASSERT_TRUE(other->execute("CREATE TABLE theirs(x)"));
  }
  EXPECT_EQ(refused(foreign), Code::invalid);
}

TEST(StoreOpen, a_directory_that_cannot_be_written_says_so) {
  const Scratch scratch;
  std::filesystem::permissions(scratch.path(), std::filesystem::perms(0555));
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    if (::geteuid() == 0 && ::setuid(65534) != 0) ::_exit(9);
    ManualClock clock(at(0));
    const auto store = Store::open(scratch.path(), OpenMode::create, clock);
    const bool good =
        !store && store.error().code == Code::denied && store.error().message.find("writable") != std::string::npos;
    const auto below = Store::open(scratch.path() / "below", OpenMode::create, clock);
    ::_exit(good && !below && below.error().code == Code::denied ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  std::filesystem::permissions(scratch.path(), std::filesystem::perms(0755));
}

TEST(StoreOpen, a_read_only_store_answers_and_refuses_changes) {
  const Scratch scratch;
  ManualClock clock(at(0));
  EXPECT_EQ(Store::open(scratch.path(), OpenMode::read_only, clock).error().code, Code::not_found);
  EXPECT_EQ(StoreReader::open(scratch.path()).error().code, Code::not_found);
  {
    auto store = open_store(scratch, clock);
    Checkpoint checkpoint;
    checkpoint.alerts = {numbered(1)};
    ASSERT_TRUE(store->commit(std::move(checkpoint)));
  }
  auto store = Store::open(scratch.path(), OpenMode::read_only, clock).value();
  EXPECT_EQ(store->status().state, StoreState::read_only);
  EXPECT_EQ(store->begin().error().code, Code::denied);
  EXPECT_FALSE(store->set_position("a", "1"));
  EXPECT_TRUE(store->verify());
}

TEST(StoreOpen, retention_deletes_old_alerts_with_their_entities) {
  const Scratch scratch;
  ManualClock clock(at(0));
  auto store = open_store(scratch, clock);
  Checkpoint checkpoint;
  for (std::int64_t i = 0; i < 10; ++i) checkpoint.alerts.push_back(numbered(i));
  ASSERT_TRUE(store->commit(std::move(checkpoint)));
  EXPECT_EQ(store->retain_alerts(at(4)).value(), 4U);
  EXPECT_EQ(store->database().query_number("SELECT count(DISTINCT alert) FROM alert_entity").value(), 6);
}

TEST(StoreOpen, retention_by_bytes_deletes_the_oldest_and_stops_when_nothing_is_left) {
  const Scratch scratch;
  ManualClock clock(at(0));
  auto store = open_store(scratch, clock);
  Checkpoint checkpoint;
  for (std::int64_t i = 0; i < 3000; ++i) checkpoint.alerts.push_back(numbered(i));
  ASSERT_TRUE(store->commit(std::move(checkpoint)));
  const auto deleted = store->retain_bytes(1'500'000).value();
  EXPECT_GT(deleted, 0U);
  EXPECT_LT(deleted, 3000U);
  EXPECT_EQ(store->database().query_number("SELECT min(time) FROM alert").value(),
            at(static_cast<std::int64_t>(deleted)).time_since_epoch().count());
  EXPECT_EQ(store->retain_bytes(1).value(), 3000 - deleted);
}

}  // namespace
}  // namespace tocsin::daemon
