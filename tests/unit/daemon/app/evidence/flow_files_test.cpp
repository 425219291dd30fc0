#include "daemon/app/evidence/flow_files.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "daemon/app/desk.h"

namespace tocsin::daemon {
namespace {

using collectors::Direction;
using collectors::FileChunk;
using collectors::Flow;

class Message final : public collectors::WholeTransaction {
 public:
  explicit Message(std::uint64_t n) { number = n; }
  void fill(EventBuilder&) const override {}
};

class FlowFilesTest : public ::testing::Test {
 protected:
  FlowFilesTest() {
    flow_.id = 7;
    flow_.transport = 6;
    flow_.client = {*parse_address("10.0.0.5"), 40'112};
    flow_.server = {*parse_address("192.0.2.7"), 80};
    other_.id = 8;
  }
  void open(FlowFilesOptions options = {}) { files_ = std::make_unique<FlowFiles>(options, alerts_, nullptr); }
  void chunk(Flow& flow, std::uint32_t id, std::uint64_t offset, std::string_view text, bool end = false,
             std::uint64_t gap = 0) {
    flow.last = time_ += std::chrono::milliseconds{1};
    files_->on_file(
        {flow, &message_, Direction::to_client, id, "a.exe", offset, as_bytes(text), gap, end, false, nullptr});
  }
  rules::Alert yara_alert(const Flow& flow, std::string_view content) {
    auto rule = std::make_shared<rules::RuleInfo>();
    rule->engine = rules::Engine::yara;
    rule->id = "Bad";
    rules::Alert alert;
    alert.rule = rule;
    alert.time = time_;
    alert.fields.emplace_back("file.hash.sha256", render_digest(sha256(as_bytes(content))));
    alert.packet.emplace().flow_id = flow.id;
    alert.events.push_back(hash128(content));
    rules::seal(alert);
    return alert;
  }
  void ask(Flow& flow) {
    rules::AlertScene scene;
    scene.flow = &flow;
    scene.transaction = &message_;
    scene.direction = Direction::to_client;
    files_->keep_files(scene, 1);
  }
  static std::string text(const TakenEvidence& taken) { return std::string(as_text(taken.bytes)); }

  Flow flow_;
  Flow other_;
  Message message_{3};
  AlertBuffer alerts_;
  std::unique_ptr<FlowFiles> files_;
  Time time_{std::chrono::seconds{1'700'000'000}};
};

TEST_F(FlowFilesTest, a_file_that_yara_alerts_on_is_taken_whole) {
  open();
  chunk(flow_, 0, 0, "MZ first ");
  chunk(flow_, 1, 0, "harmless", true);
  chunk(flow_, 0, 9, "and last", true);
  const auto alert = yara_alert(flow_, "MZ first and last");
  files_->raise(alert);
  const auto taken = files_->take_finished();
  ASSERT_EQ(taken.size(), 1U);
  EXPECT_EQ(text(taken[0]), "MZ first and last");
  EXPECT_EQ(taken[0].alerts, std::vector{alert.id});
  EXPECT_EQ(taken[0].name, "a.exe of tcp 10.0.0.5:40112 - 192.0.2.7:80");
  EXPECT_FALSE(taken[0].asked);
  EXPECT_EQ(alerts_.take().size(), 1U);
}

TEST_F(FlowFilesTest, nobody_gets_what_nobody_asked_for) {
  open();
  chunk(flow_, 0, 0, "harmless", true);
  files_->raise(yara_alert(flow_, "another"));
  files_->raise(yara_alert(other_, "harmless"));
  EXPECT_TRUE(files_->take_finished().empty());
  files_->on_time(time_ + FlowFiles::held_after_end);
  EXPECT_EQ(files_->bytes(), 0U);
}

TEST_F(FlowFilesTest, a_rule_asks_before_during_and_after) {
  open();
  ask(flow_);
  chunk(flow_, 0, 0, "still to come", true);
  chunk(other_, 0, 0, "under ");
  ask(other_);
  chunk(other_, 0, 6, "way", true);
  chunk(other_, 1, 0, "ended before", true);
  ask(other_);
  const auto taken = files_->take_finished();
  ASSERT_EQ(taken.size(), 3U);
  EXPECT_EQ(text(taken[0]), "still to come");
  EXPECT_EQ(text(taken[1]), "under way");
  EXPECT_EQ(text(taken[2]), "ended before");
  for (const auto& each : taken) EXPECT_TRUE(each.asked);
}

TEST_F(FlowFilesTest, the_end_of_a_flow_ends_its_files) {
  open();
  ask(flow_);
  chunk(flow_, 0, 0, "half of ");
  EXPECT_TRUE(files_->take_finished().empty());
  files_->on_flow_end(flow_, collectors::FlowEnd{});
  const auto taken = files_->take_finished();
  ASSERT_EQ(taken.size(), 1U);
  EXPECT_NE(taken[0].name.find("(of 8 bytes, not whole)"), std::string::npos);
  EXPECT_EQ(files_->counters().cut, 1U);
}

TEST_F(FlowFilesTest, too_large_a_file_is_cut_and_says_so) {
  open({1000, 10});
  ask(flow_);
  chunk(flow_, 0, 0, "0123456789");
  chunk(flow_, 0, 10, "more", true);
  const auto taken = files_->take_finished();
  ASSERT_EQ(taken.size(), 1U);
  EXPECT_EQ(text(taken[0]), "0123456789");
  EXPECT_NE(taken[0].name.find("(of 14 bytes, not whole)"), std::string::npos);
}

TEST_F(FlowFilesTest, memory_is_bounded_and_wanted_ones_stay) {
  open({100, 60});
  ask(flow_);
  chunk(flow_, 0, 0, std::string(50, 'w'));
  Flow many;
  many.id = 9;
  Message unwanted{4};
  for (std::uint32_t id = 0; id < 50; ++id) {
    const std::string text(40, 'u');
    files_->on_file({many, &unwanted, Direction::to_client, id, "", 0, as_bytes(text), 0, true, false, nullptr});
    EXPECT_LE(files_->bytes(), 100U);
  }
  chunk(flow_, 0, 50, "", true);
  const auto taken = files_->take_finished();
  ASSERT_EQ(taken.size(), 1U);
  EXPECT_EQ(taken[0].bytes.size(), 50U);
}

TEST_F(FlowFilesTest, a_file_let_go_is_not_taken_up_in_the_middle) {
  open();
  chunk(flow_, 0, 100, "the middle");
  EXPECT_EQ(files_->bytes(), 0U);
  chunk(flow_, 1, 20, "after a gap", true, 20);
  ask(flow_);
  const auto taken = files_->take_finished();
  ASSERT_EQ(taken.size(), 1U);
  EXPECT_NE(taken[0].name.find("20 bytes were not captured"), std::string::npos);
}

TEST_F(FlowFilesTest, nothing_is_held_without_memory) {
  open({0, 10});
  ask(flow_);
  chunk(flow_, 0, 0, "text", true);
  EXPECT_TRUE(files_->take_finished().empty());
}

}  // namespace
}  // namespace tocsin::daemon
