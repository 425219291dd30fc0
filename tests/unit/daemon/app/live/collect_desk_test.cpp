#include "daemon/app/live/collect_desk.h"

#include <gtest/gtest.h>

#include "collectors/packet/capture/pcapng.h"
#include "daemon/app/keeper.h"
#include "tests/unit/daemon/store/scratch.h"
#include "tests/unit/responders/incident/samples.h"

namespace tocsin::daemon {
namespace {

using responders::ActionRequest;
using responders::Applied;
using responders::Outcome;
using responders::Rehearsed;

// The way to the guard: it remembers what came through.
class Beyond final : public responders::ActionGateway {
 public:
  Result<Rehearsed> rehearse(const ActionRequest& request) override { return note<Rehearsed>(request); }
  Result<Applied> apply(const ActionRequest& request) override { return note<Applied>(request); }
  Result<responders::Verification> verify(const std::string&) override { return responders::Verification{}; }
  Result<Outcome> undo(const std::string&, const std::string&) override { return Outcome{}; }
  std::vector<std::string> came;

 private:
  template <class T>
  Result<T> note(const ActionRequest& request) {
    came.push_back(request.action);
    return T{};
  }
};

class CollectDeskTest : public ::testing::Test {
 protected:
  void SetUp() override {
    KeeperOptions options{scratch_.path(), {}, {}, responders::IncidentIds::random(random_), {}};
    options.store.free_least = 0;
    auto keeper = Keeper::open(std::move(options), clock_, names_);
    ASSERT_TRUE(keeper) << keeper.error().text();
    keeper_ = std::move(*keeper);
    auto key = find_vault_key("", scratch_.path(), MakeKey::yes);
    ASSERT_TRUE(key) << key.error().text();
    book_ = std::make_unique<EvidenceBook>(keeper_->store(), keeper_->casework(), *key, clock_,
                                           EvidenceBookOptions{0, "web1", {0, responders::Actor::nobody, "test"}},
                                           [this](const auto& work) { return keeper_->in_transaction(work); });
    keeper_->raise(samples::make_alert({.second = 1, .host = "web1"}));
    incident_ = keeper_->checkpoint()->filed.front().taken.incident;
  }
  PacketPlace place() {
    PacketPlace out;
    out.carve = [this](const PacketWish& wish) -> Result<CarvedPackets> {
      wishes_.push_back(wish);
      return held_;
    };
    out.with_book = [this](const std::function<Result<void>(EvidenceBook&)>& work) { return work(*book_); };
    out.incident_of = [this](const std::string&) -> Result<IncidentId> { return incident_; };
    return out;
  }
  void hold(std::initializer_list<std::string_view> payloads) {
    CarvedPackets found;
    found.reaches = Time{std::chrono::seconds(50)};
    std::int64_t second = 100;
    for (const auto payload : payloads) {
      collectors::PcapngWriter writer("");  // each from a worker of its own
      writer.packet(writer.interface(1, "eth0", ""), Time{std::chrono::seconds(second++)},
                    static_cast<std::uint32_t>(payload.size()), as_bytes(payload));
      CarvedPackets one;
      one.sections.push_back(writer.take());
      one.packets = 1;
      one.bytes = payload.size();
      found.add(std::move(one));
    }
    held_ = std::move(found);
  }
  static ActionRequest request(std::string key = "key-1") {
    ActionRequest out;
    out.action = "collect.packets";
    out.key = std::move(key);
    out.parameters = {{"address", "198.51.100.77"}, {"port", "443"}};
    out.incident = "INC-2026-0001";
    out.reason = "it beacons";
    return out;
  }
  static std::string output(const Applied& applied, std::string_view name) {
    for (const auto& [key, value] : applied.outcome.outputs)
      if (key == name) return value;
    return "none";
  }
  std::vector<responders::Evidence> pieces() { return keeper_->store().records().evidence_of(incident_).value(); }

  samples::Scratch scratch_;
  ManualClock clock_;
  SeededRandom random_{7};
  FieldNames names_;
  std::unique_ptr<Keeper> keeper_;
  std::unique_ptr<EvidenceBook> book_;
  IncidentId incident_;
  Beyond beyond_;
  Result<CarvedPackets> held_ = CarvedPackets{};
  std::vector<PacketWish> wishes_;
};

TEST_F(CollectDeskTest, packets_of_all_workers_become_one_piece_of_evidence) {
  hold({"first of all", "second of all"});
  CollectDesk desk(beyond_, place(), clock_);
  const auto applied = desk.apply(request());
  ASSERT_TRUE(applied) << applied.error().text();
  EXPECT_EQ(output(*applied, "packets"), "2");
  EXPECT_EQ(output(*applied, "complete"), "true");
  ASSERT_EQ(pieces().size(), 1U);
  EXPECT_EQ(pieces()[0].name, "2 packets of 198.51.100.77 port 443");
  EXPECT_EQ(pieces()[0].collector, capture_collector);
  EXPECT_EQ(output(*applied, "evidence"), render_digest(pieces()[0].digest));
  const auto custody = book_->vault().custody(pieces()[0].digest);
  ASSERT_TRUE(custody);
  EXPECT_NE(custody->front().reason.find("it beacons"), std::string::npos);
  const auto bytes = book_->vault().get(pieces()[0].digest, {0, 0, "test"}, "look");
  ASSERT_TRUE(bytes);
  EXPECT_LT(as_text(*bytes).find("first of all"), as_text(*bytes).find("second of all"));
  EXPECT_NE(as_text(*bytes).find("incident INC-2026-0001"), std::string_view::npos);
  EXPECT_EQ(keeper_->casework().incident(incident_)->evidence.size(), 1U);
  EXPECT_EQ(wishes_.back().take, PacketWish::Take::copy);
}

TEST_F(CollectDeskTest, the_same_key_takes_once) {
  hold({"once"});
  ASSERT_TRUE(CollectDesk(beyond_, place(), clock_).apply(request()));
  hold({"something else by now"});
  const auto again = CollectDesk(beyond_, place(), clock_).apply(request());  // after a crash
  ASSERT_TRUE(again);
  EXPECT_EQ(again->outcome.state, Outcome::State::already);
  EXPECT_EQ(output(*again, "evidence"), render_digest(pieces()[0].digest));
  EXPECT_EQ(pieces().size(), 1U);
  ASSERT_TRUE(CollectDesk(beyond_, place(), clock_).apply(request("key-2")));
  EXPECT_EQ(pieces().size(), 2U);
}

TEST_F(CollectDeskTest, a_rehearsal_says_what_there_is_and_takes_nothing) {
  hold({"one", "two"});
  held_->cut = true;
  CollectDesk desk(beyond_, place(), clock_);
  const auto rehearsed = desk.rehearse(request());
  ASSERT_TRUE(rehearsed);
  ASSERT_EQ(rehearsed->forecast.now.size(), 1U);
  EXPECT_TRUE(rehearsed->forecast.now[0].starts_with("2 packets of 198.51.100.77 port 443, 6 bytes"))
      << rehearsed->forecast.now[0];
  EXPECT_NE(rehearsed->forecast.now[0].find("the oldest are left out"), std::string::npos);
  EXPECT_EQ(rehearsed->verdict.kind, responders::GuardVerdict::Kind::allowed);
  EXPECT_EQ(wishes_.back().take, PacketWish::Take::count);
  EXPECT_TRUE(pieces().empty());
}

TEST_F(CollectDeskTest, none_held_is_no_piece_and_no_failure) {
  CollectDesk desk(beyond_, place(), clock_);
  const auto applied = desk.apply(request());
  ASSERT_TRUE(applied);
  EXPECT_EQ(output(*applied, "packets"), "0");
  EXPECT_EQ(output(*applied, "evidence"), "");
  EXPECT_TRUE(pieces().empty());
}

TEST_F(CollectDeskTest, without_frames_it_says_why) {
  held_ = fail(Code::denied, "no frames are held");
  CollectDesk desk(beyond_, place(), clock_);
  EXPECT_NE(desk.rehearse(request())->forecast.obstacle.find("no frames are held"), std::string::npos);
  EXPECT_EQ(desk.apply(request()).error().code, Code::denied);
}

TEST_F(CollectDeskTest, exercises_take_nothing_and_other_actions_go_to_the_guard) {
  hold({"one"});
  CollectDesk desk(beyond_, place(), clock_);
  auto exercise = request();
  exercise.marked = responders::Marked::exercise;
  EXPECT_EQ(desk.apply(exercise).error().code, Code::denied);
  EXPECT_EQ(desk.rehearse(exercise)->verdict.rule, "exercise");
  EXPECT_TRUE(pieces().empty());
  EXPECT_TRUE(beyond_.came.empty());
  auto other = request();
  other.action = "network.block_address";
  ASSERT_TRUE(desk.rehearse(other));
  ASSERT_TRUE(desk.apply(other));
  EXPECT_EQ(beyond_.came, (std::vector<std::string>{"network.block_address", "network.block_address"}));
}

}  // namespace
}  // namespace tocsin::daemon
