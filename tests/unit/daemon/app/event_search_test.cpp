// event.search over stored segments: the whole period is looked at, every event once, and counts are of all of it.
#include "daemon/app/event_search.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <boost/json.hpp>

#include "collectors/event/field_table.h"
#include "daemon/app/tally.h"
#include "daemon/store/segment/writer.h"
#include "tests/unit/daemon/store/scratch.h"
#include "tests/unit/responders/incident/samples.h"

namespace tocsin::daemon {
namespace {

namespace json = boost::json;
using samples::at;

struct Kept final : Reply {
  std::vector<json::object> rows;
  std::string remark;
  bool row(std::string_view text) override {
    rows.push_back(json::parse(text).as_object());
    return true;
  }
  bool progress(std::string_view, std::uint64_t, std::uint64_t) override { return true; }
  void summary(std::string_view key, std::string_view text) override {
    if (key == "remark") remark = text;
  }
  void summary(std::string_view, std::int64_t) override {}
  bool wait(Duration) override { return false; }
};

// 30,000 events, more than one page: those from 2,000 to 23,999 at one moment, the others a second apart.
constexpr std::int64_t events = 30'000;
std::int64_t second_of(std::int64_t i) { return i < 2'000 ? i : i < 24'000 ? 2'000 : i - 24'000 + 2'001; }

class EventSearch : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    scratch = std::make_unique<samples::Scratch>();
    std::vector<SegmentRow> committed;
    FieldNames names;
    auto writer = SegmentWriter::open(scratch->path() / "events", {.segment_bytes = 256 * 1024}, committed).value();
    for (std::int64_t i = 0; i < events; ++i) {
      EventBatch batch;
      EventBuilder builder(batch);
      builder.set(field::source_ip, IpAddress::v4(0x0A000000U + static_cast<std::uint32_t>(i)));
      builder.set(field::user_name, "User" + std::to_string(i % 3));
      if (i % 2 == 0) builder.set(field::host_ip, IpAddress::v4(0xC0000201U));
      EventHeader header;
      header.id = hash128(std::to_string(i));
      header.observed = at(second_of(i));
      header.host = "web1";
      ASSERT_TRUE(writer->append(builder.finish(header, "line " + std::to_string(i)), names));
    }
    ASSERT_TRUE(writer->flush());
  }
  static void TearDownTestSuite() { scratch.reset(); }

  static Kept ask(const json::object& params, Code expected = Code{}) {
    Kept kept;
    const Peer peer;
    Descriptors none;
    const ManualClock clock(at(0));
    const auto done = search_stored_events(scratch->path(), clock, Call("event.search", peer, params, none), kept);
    EXPECT_EQ(done ? Code{} : done.error().code, expected);
    return kept;
  }
  static std::map<std::string, std::int64_t> counts(const Kept& kept, std::string_view field) {
    std::map<std::string, std::int64_t> out;
    for (const auto& row : kept.rows) out[std::string(row.at(field).as_string())] = row.at("count").to_number<int>();
    return out;
  }

  static std::unique_ptr<samples::Scratch> scratch;
};
std::unique_ptr<samples::Scratch> EventSearch::scratch;

TEST_F(EventSearch, gives_all_of_the_period_once_and_the_newest_first) {
  const auto kept = ask({{"limit", 0}});
  EXPECT_EQ(kept.rows.size(), static_cast<std::size_t>(events));
  std::set<std::string> ids;
  std::string last = "9";
  for (const auto& row : kept.rows) {
    ids.emplace(row.at("event.id").as_string());
    const std::string time(row.at("@timestamp").as_string());
    ASSERT_LE(time, last);
    last = time;
  }
  EXPECT_EQ(ids.size(), kept.rows.size());
  EXPECT_TRUE(kept.remark.empty()) << kept.remark;
  EXPECT_EQ(ask({{"limit", 20'100}}).rows.size(), 20'100U);
}

TEST_F(EventSearch, finds_what_is_older_than_any_page) {
  for (const char* where :
       {"source.ip = 10.0.0.5", "source.ip = 10.0.0.5 and user.name = user2",
        "source.ip = 10.0.0.5 or source.ip = 192.0.2.7", "source.ip = 10.0.0.4/31 and not user.name = user1",
        "source.ip in (10.0.0.5)", "source.ip ~ 10.0.0.5 and source.ip = 10.0.0.?"}) {
    const auto kept = ask({{"where", where}, {"limit", 10}});
    ASSERT_EQ(kept.rows.size(), 1U) << where;
    EXPECT_EQ(kept.rows.front().at("source.ip").as_string(), "10.0.0.5");
  }
  EXPECT_EQ(ask({{"word", "line 7\""}}).rows.size(), 1U);
  EXPECT_TRUE(ask({{"where", "source.ip = 10.0.0.5 and user.name = user1"}}).rows.empty());
}

TEST_F(EventSearch, what_demands_two_values_of_one_kind_is_not_pruned_by_either) {
  EXPECT_EQ(ask({{"where", "source.ip = 10.0.0.6 and host.ip = 192.0.2.1"}}).rows.size(), 1U);
  EXPECT_EQ(ask({{"where", "host.ip = 192.0.2.1 and source.ip = 10.0.0.6"}}).rows.size(), 1U);
  EXPECT_TRUE(ask({{"where", "source.ip = 10.0.0.5 and host.ip = 192.0.2.1"}}).rows.empty());
}

TEST_F(EventSearch, counts_all_of_it) {
  const auto users = counts(ask({{"count_by", "user.name"}}), "user.name");
  EXPECT_EQ(users, (std::map<std::string, std::int64_t>{{"User0", 10'000}, {"User1", 10'000}, {"User2", 10'000}}));
  const auto some = counts(ask({{"count_by", "user.name"}, {"where", "source.ip = 10.0.0.0/30"}}), "user.name");
  EXPECT_EQ(some, (std::map<std::string, std::int64_t>{{"User0", 2}, {"User1", 1}, {"User2", 1}}));
  const auto pairs = ask({{"count_by", "host.ip, user.name"}});
  ASSERT_EQ(pairs.rows.size(), 6U);
  EXPECT_EQ(counts(pairs, "host.ip").size(), 2U);  // and the empty text for those without
  const auto most = ask({{"count_by", "source.ip"}, {"limit", 5}});
  EXPECT_EQ(most.rows.size(), 5U);
  EXPECT_NE(most.remark.find("5 of 30000 groups"), std::string::npos) << most.remark;
  ask({{"count_by", "user.name"}, {"follow", true}}, Code::usage);
  ask({{"count_by", ","}}, Code::usage);
  ask({{"count_by", "a,b,c,d,e"}}, Code::usage);
}

TEST(Tally, counts_a_row_for_each_of_its_values) {
  auto tally = Tally::parse("rule.attack,host").value();
  tally.add({{"rule.attack", {"T1110", "T1059", "T1110"}}, {"host", "a"}});
  tally.add({{"rule.attack", {"T1110"}}, {"host", "a"}});
  tally.add({{"host", "b"}});
  Kept kept;
  tally.send(kept, 0);
  ASSERT_EQ(kept.rows.size(), 3U);
  EXPECT_EQ(json::serialize(kept.rows[0]), R"({"count":2,"rule.attack":"T1110","host":"a"})");
  EXPECT_EQ(json::serialize(kept.rows[1]), R"({"count":1,"rule.attack":"","host":"b"})");
  EXPECT_EQ(json::serialize(kept.rows[2]), R"({"count":1,"rule.attack":"T1059","host":"a"})");
}

TEST(Tally, counts_long_values_by_how_they_begin) {
  auto tally = Tally::parse("a").value();
  std::string text(511, 'x');
  text += "\xC3\xA9";  // one letter across the limit
  tally.add({{"a", text + "1"}});
  tally.add({{"a", text + "2"}});
  Kept kept;
  tally.send(kept, 0);
  ASSERT_EQ(kept.rows.size(), 1U);
  EXPECT_EQ(kept.rows[0].at("a").as_string(), json::string_view(std::string(511, 'x')));
}

}  // namespace
}  // namespace tocsin::daemon
