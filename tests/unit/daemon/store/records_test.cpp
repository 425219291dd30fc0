#include "daemon/store/records.h"

#include <gtest/gtest.h>

#include "daemon/store/reader.h"
#include "daemon/store/store.h"
#include "tests/unit/daemon/store/scratch.h"
#include "tests/unit/responders/incident/samples.h"

namespace tocsin::daemon {
namespace {

using samples::at;

struct House {
  samples::Scratch scratch;
  ManualClock clock{at(0)};
  std::unique_ptr<Store> store = Store::open(scratch.path(), OpenMode::create, clock).value();
  Records& records = store->records();
};

TEST(Records, audit_entries_chain_and_read_back) {
  House house;
  for (int i = 0; i < 3; ++i)
    ASSERT_TRUE(house.records.add_audit({0, at(i), {0, 1000, "root"}, "rules.reload", "pack", "new rules", "ok"}));
  auto reader = StoreReader::open(house.scratch.path()).value();
  EXPECT_EQ(reader->verify_audit()->sequence, 3U);
  const auto entries = reader->audit(at(0), at(100), 2).value();
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0].sequence, 3U);
  EXPECT_EQ(entries[0].actor, (responders::Actor{0, 1000, "root"}));
  EXPECT_EQ(entries[0].reason, "new rules");
  ASSERT_TRUE(house.store->database().execute("DELETE FROM audit WHERE sequence = 2"));
  EXPECT_FALSE(reader->verify_audit());
}

TEST(Records, a_blind_interval_grows_in_place) {
  House house;
  ASSERT_TRUE(house.records.add_blind({"live:eth0", "ring full", at(0), at(1), 100, Exercise::no}));
  ASSERT_TRUE(house.records.add_blind({"live:eth0", "ring full", at(0), at(5), 1832, Exercise::no}));
  auto reader = StoreReader::open(house.scratch.path()).value();
  const auto all = reader->blind(at(3), at(4)).value();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].until, at(5));
  EXPECT_EQ(all[0].count, 1832U);
  EXPECT_TRUE(reader->blind(at(6), at(9))->empty());
}

TEST(Records, the_outbox_keeps_a_message_until_it_is_dropped) {
  House house;
  const OutboxRow message{.subject = "alert", .key = "k1", .payload = std::string("\0x", 2), .created = at(0)};
  EXPECT_TRUE(house.records.put_outbox(message).value());
  EXPECT_FALSE(house.records.put_outbox(message).value());
  auto due = house.records.due_outbox(at(0), 10).value();
  ASSERT_EQ(due.size(), 1U);
  EXPECT_EQ(due[0].payload, std::string("\0x", 2));
  ASSERT_TRUE(house.records.postpone_outbox(due[0].id, at(60), "no route"));
  EXPECT_TRUE(house.records.due_outbox(at(59), 10)->empty());
  due = house.records.due_outbox(at(60), 10).value();
  EXPECT_EQ(due.at(0).attempts, 1U);
  EXPECT_EQ(due[0].last_error, "no route");
  ASSERT_TRUE(house.records.drop_outbox(due[0].id));
  EXPECT_TRUE(house.records.due_outbox(at(99), 10)->empty());
}

TEST(Records, a_period_is_reported_once) {
  House house;
  const ReportRow report{"daily/2026-11-22", "daily", at(0), at(86400), at(86401), {"daily.html", "daily.csv"}};
  EXPECT_TRUE(house.records.put_report(report).value());
  EXPECT_FALSE(house.records.put_report(report).value());
  EXPECT_EQ(house.records.last_report("daily").value()->files, report.files);
  EXPECT_FALSE(house.records.report("daily/2026-11-23").value());
  EXPECT_TRUE(house.records.put_report({"daily/begin", "daily", at(0), at(0), at(0), {}}).value());
  const ReportRow later{"weekly/2026-W48", "weekly", at(0), at(86400), at(90000), {"weekly.html"}};
  EXPECT_TRUE(house.records.put_report(later).value());
  const auto made = house.records.reports(10).value();
  ASSERT_EQ(made.size(), 2U) << "the mark of a schedule's beginning is no report";
  EXPECT_EQ(made[0].period, later.period);
  EXPECT_EQ(made[1].files, report.files);
  EXPECT_EQ(house.records.reports(1).value().size(), 1U);
}

TEST(Records, an_intent_without_an_outcome_is_found_after_a_crash) {
  House house;
  const RunId run{*parse_uuid("01900000-0000-7000-8000-00000000000a")};
  ASSERT_TRUE(house.records.put_run({run, {}, "Block", "apply", "running", Exercise::no, at(0), at(0)}));
  RunStepRow step{run, "key1", "Block", "network.block_address", "intent", at(1), "", "{}"};
  EXPECT_TRUE(house.records.put_run_step(step).value());
  EXPECT_FALSE(house.records.put_run_step(step).value());
  EXPECT_EQ(house.records.unfinished_steps()->size(), 1U);
  step.phase = "outcome";
  step.outcome = "applied";
  EXPECT_TRUE(house.records.put_run_step(step).value());
  EXPECT_TRUE(house.records.unfinished_steps()->empty());
  EXPECT_EQ(house.records.run_steps(run)->size(), 2U);
  auto reader = StoreReader::open(house.scratch.path()).value();
  EXPECT_EQ(reader->steps(at(0), at(9), ExerciseFilter::without)->size(), 1U);
  EXPECT_EQ(reader->steps(at(0), at(9), ExerciseFilter::only)->size(), 0U);
  EXPECT_EQ(reader->records().runs({})->size(), 1U);
}

}  // namespace
}  // namespace tocsin::daemon
