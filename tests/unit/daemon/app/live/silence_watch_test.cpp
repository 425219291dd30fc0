#include "daemon/app/live/silence_watch.h"

#include <gtest/gtest.h>

#include "collectors/event/event.h"

namespace tocsin::daemon {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

class SilenceWatchTest : public ::testing::Test {
 protected:
  void open(SilenceConfig config = {}) { watch_ = std::make_unique<SilenceWatch>(std::move(config), now_); }
  void hear(const std::string& source, const std::string& host, Exercise exercise = Exercise::no) {
    EventBatch batch;
    EventBuilder event(batch);
    EventHeader header;
    header.observed = header.ingested = now_;
    header.exercise = exercise;
    header.source = source;
    header.host = host;
    event.finish(header, {});
    watch_->hear(batch, now_);
  }
  // Looks every ten seconds, as the daemon does oftener; the sources are heard every so often.
  std::vector<rules::Alert> live(Duration length, Duration every, const std::vector<std::string>& hosts) {
    std::vector<rules::Alert> out;
    const Time until = now_ + length;
    Time next = now_;
    while (now_ < until) {
      if (!hosts.empty() && now_ >= next) {
        for (const auto& host : hosts) hear("journal", host);
        next = now_ + every;
      }
      auto verdict = watch_->look(now_);
      for (auto& alert : verdict.alerts) out.push_back(std::move(alert));
      for (auto& interval : verdict.ended) ended_.push_back(std::move(interval));
      now_ += seconds{10};
    }
    return out;
  }

  Time now_{hours{24 * 20'000}};
  std::unique_ptr<SilenceWatch> watch_;
  std::vector<BlindInterval> ended_;
};

TEST_F(SilenceWatchTest, who_was_heard_every_minute_and_is_no_more) {
  open();
  EXPECT_TRUE(live(hours{30}, minutes{1}, {"web1", "db1"}).empty());
  const auto alerts = live(hours{2}, minutes{1}, {"web1"});
  ASSERT_EQ(alerts.size(), 1U);
  EXPECT_EQ(alerts[0].host, "db1");
  EXPECT_EQ(alerts[0].rule->id, "tocsin.silent");
  EXPECT_EQ(alerts[0].rule->engine, rules::Engine::self);
  EXPECT_NE(alerts[0].why[0].value.find("nothing for 15m"), std::string::npos) << alerts[0].why[0].value;
  ASSERT_EQ(watch_->silent().size(), 1U);
  EXPECT_TRUE(ended_.empty());
  // Back again: a blind interval, and a new silence is a new alert.
  EXPECT_TRUE(live(hours{1}, minutes{1}, {"web1", "db1"}).empty());
  ASSERT_EQ(ended_.size(), 1U);
  EXPECT_EQ(ended_[0].source, "journal");
  EXPECT_GT(ended_[0].until - ended_[0].since, hours{1});
  EXPECT_TRUE(watch_->silent().empty());
  const auto again = live(hours{6}, minutes{1}, {"web1"});
  ASSERT_EQ(again.size(), 1U);
  EXPECT_NE(again[0].id, alerts[0].id);
}

TEST_F(SilenceWatchTest, nights_are_learnt) {
  open();
  for (int day = 0; day < 3; ++day) {
    EXPECT_TRUE(live(hours{14}, minutes{2}, {"office"}).empty());
    EXPECT_TRUE(live(hours{10}, {}, {}).empty()) << "day " << day;
  }
  EXPECT_EQ(live(hours{24}, {}, {}).size(), 1U);
}

TEST_F(SilenceWatchTest, who_is_hardly_known_or_seldom_heard_may_be_silent) {
  open();
  hear("journal", "once");
  for (int i = 0; i < 100; ++i) hear("journal", "burst");
  EXPECT_TRUE(live(hours{72}, {}, {}).empty());
}

TEST_F(SilenceWatchTest, exercises_are_not_heard) {
  open();
  for (int i = 0; i < 200; ++i) hear("journal", "web1", Exercise::yes);
  EXPECT_EQ(watch_->save(), "[]");
}

TEST_F(SilenceWatchTest, an_operator_says_how_long) {
  SilenceConfig config;
  config.after = {{"*@quiet", "0s"}, {"jour*", "1m"}};
  open(config);
  hear("journal", "quiet");
  hear("journal", "web1");
  const auto alerts = live(minutes{5}, {}, {});
  ASSERT_EQ(alerts.size(), 1U);
  EXPECT_EQ(alerts[0].host, "web1");
  EXPECT_NE(alerts[0].why[0].value.find("1m are allowed"), std::string::npos) << alerts[0].why[0].value;
}

TEST_F(SilenceWatchTest, while_we_were_away_nobody_was_silent) {
  open();
  EXPECT_TRUE(live(hours{30}, minutes{1}, {"web1"}).empty());
  now_ += hours{5};
  EXPECT_TRUE(live(minutes{10}, {}, {}).empty());
  EXPECT_EQ(live(hours{1}, {}, {}).size(), 1U);
}

TEST_F(SilenceWatchTest, a_restart_forgets_nothing) {
  open();
  EXPECT_TRUE(live(hours{30}, minutes{1}, {"web1", "db1"}).empty());
  EXPECT_EQ(live(hours{1}, minutes{1}, {"web1"}).size(), 1U);
  const auto saved = watch_->save();
  open();
  now_ += hours{3};
  watch_->restore(saved, now_);
  EXPECT_EQ(watch_->save().size(), saved.size());
  EXPECT_TRUE(live(minutes{10}, {}, {}).empty()) << "db1 is known to be silent, web1 has just begun";
  ASSERT_EQ(watch_->silent().size(), 1U);
  const auto alerts = live(hours{1}, {}, {});
  ASSERT_EQ(alerts.size(), 1U);
  EXPECT_EQ(alerts[0].host, "web1");
}

TEST_F(SilenceWatchTest, nonsense_saved_is_nothing_learnt) {
  open();
  for (const char* saved : {"", "{", "[1,{},{\"source\":3,\"longest\":[-1,1e300,\"x\",99999999999]}]",
                            "[{\"day\":-5,\"last\":-9223372036854775808}]"})
    watch_->restore(saved, now_);
  EXPECT_TRUE(live(hours{100}, {}, {}).empty());
}

TEST_F(SilenceWatchTest, bounded) {
  open();
  for (std::size_t i = 0; i < SilenceWatch::sources_most + 10; ++i) {
    now_ += seconds{1};
    hear("journal", "host" + std::to_string(i));
  }
  const auto saved = watch_->save();
  EXPECT_EQ(saved.find("\"host0\""), std::string::npos);
  EXPECT_NE(saved.find("\"host4105\""), std::string::npos);
}

TEST_F(SilenceWatchTest, off) {
  SilenceConfig config;
  config.enabled = false;
  open(config);
  hear("journal", "web1");
  EXPECT_EQ(watch_->save(), "[]");
}

}  // namespace
}  // namespace tocsin::daemon
