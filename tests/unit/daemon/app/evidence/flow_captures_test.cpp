#include "daemon/app/evidence/flow_captures.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "collectors/base/byte_source.h"
#include "collectors/packet/capture/file.h"
#include "collectors/packet/worker.h"
#include "daemon/app/desk.h"
#include "tests/unit/collectors/packet/recording.h"

namespace tocsin::daemon {
namespace {

namespace made = collectors::testing;
using collectors::Packet;

// Alerts on each packet whose payload has a word, as an engine does.
class OnWord final : public collectors::Observer {
 public:
  OnWord(std::string word, rules::AlertSink& sink) : word_(std::move(word)), sink_(sink) {
    auto rule = std::make_shared<rules::RuleInfo>();
    rule->engine = rules::Engine::signature;
    rule->id = "1:1";
    rule->title = "A word";
    rule_ = rule;
  }
  void on_packet(const Packet& packet) override {
    if (packet.flow == nullptr || as_text(packet.payload).find(word_) == std::string_view::npos) return;
    rules::Alert alert;
    alert.rule = rule_;
    alert.time = packet.time;
    alert.packet.emplace();
    alert.packet->packet = packet.number;
    alert.packet->flow_id = packet.flow->id;
    alert.packet->community_id = collectors::community_id(*packet.flow);
    alert.events.push_back(hash128(std::to_string(packet.number)));
    alert.why.push_back({"word", "payload", word_, -1, 0});
    rules::seal(alert);
    sink_.raise(std::move(alert));
  }

 private:
  std::string word_;
  rules::AlertSink& sink_;
  rules::RuleRef rule_;
};

class Discard final : public collectors::RecordSink {
 public:
  void on_records(EventBatch) override {}
};

class FlowCapturesTest : public ::testing::Test {
 protected:
  void open(FlowCaptureOptions options) {
    options.interface = "eth0";
    captures_ = std::make_unique<FlowCaptures>(std::move(options), alerts_);
    engine_ = std::make_unique<OnWord>("evil", *captures_);
    collectors::PacketOptions packets;
    packets.decode.checksums = collectors::ChecksumMode::ignore;
    worker_ = std::make_unique<collectors::PacketWorker>(
        packets, names_, discard_, std::vector<collectors::Observer*>{captures_.get(), engine_.get()});
  }
  void frame(const std::vector<std::uint8_t>& bytes) {
    collectors::RawFrame raw;
    raw.time = time_ += std::chrono::milliseconds(1);
    raw.number = ++number_;
    raw.link_type = 1;
    raw.wire_length = bytes.size();
    raw.bytes = bytes;
    captures_->take(raw);
    worker_->process(raw);
  }
  void udp(std::uint16_t port, std::string_view payload) {
    frame(made::udp_frame({made::client.address, port}, made::server, payload));
  }
  static std::vector<std::string> payloads(const TakenEvidence& capture) {
    std::vector<std::string> out;
    auto file = collectors::CaptureFile::open(source_from_memory(capture.bytes));
    collectors::RawFrame raw;
    while (file->next(raw).value_or(false)) out.emplace_back(as_text(raw.bytes.subspan(42)));
    return out;
  }

  FieldNames names_;
  Discard discard_;
  AlertBuffer alerts_;
  std::unique_ptr<FlowCaptures> captures_;
  std::unique_ptr<OnWord> engine_;
  std::unique_ptr<collectors::PacketWorker> worker_;
  Time time_{std::chrono::seconds(1'700'000'000)};
  std::uint64_t number_ = 0;
};

using Texts = std::vector<std::string>;

TEST_F(FlowCapturesTest, what_came_before_the_alert_and_what_follows) {
  open({});
  udp(1000, "first");
  udp(2000, "another flow");
  udp(1000, "second");
  udp(1000, "evil");
  udp(2000, "another flow again");
  udp(1000, "after");
  EXPECT_TRUE(captures_->take_finished().empty());
  worker_->advance(time_ + std::chrono::seconds(11));
  const auto done = captures_->take_finished();
  ASSERT_EQ(done.size(), 1U);
  EXPECT_EQ(payloads(done[0]), (Texts{"first", "second", "evil", "after"}));
  EXPECT_EQ(done[0].packets, 4U);
  const auto alerts = alerts_.take();
  ASSERT_EQ(alerts.size(), 1U);
  EXPECT_EQ(done[0].alerts, std::vector{alerts[0].id});
  EXPECT_NE(as_text(done[0].bytes).find(alerts[0].packet->community_id), std::string_view::npos);
  EXPECT_NE(as_text(done[0].bytes).find("A word (1:1)"), std::string_view::npos);
  EXPECT_EQ(done[0].name, "udp 10.0.0.1:1000 - 10.0.0.2:80");
}

TEST_F(FlowCapturesTest, a_later_alert_of_the_flow_does_not_repeat_what_was_taken) {
  FlowCaptureOptions options;
  options.after = std::chrono::milliseconds(2);
  open(options);
  udp(1000, "first");
  udp(1000, "evil one");
  udp(1000, "within");
  udp(1000, "closes it");
  udp(1000, "between");
  udp(1000, "evil two");
  captures_->finish();
  const auto done = captures_->take_finished();
  ASSERT_EQ(done.size(), 2U);
  EXPECT_EQ(payloads(done[0]), (Texts{"first", "evil one", "within", "closes it"}));
  EXPECT_EQ(payloads(done[1]), (Texts{"between", "evil two"}));
}

TEST_F(FlowCapturesTest, alerts_within_one_capture_share_it) {
  open({});
  for (int i = 0; i < 100; ++i) udp(1000, "evil " + std::to_string(i));
  captures_->finish();
  const auto done = captures_->take_finished();
  ASSERT_EQ(done.size(), 1U);
  EXPECT_EQ(done[0].packets, 100U);
  EXPECT_EQ(done[0].alerts.size(), FlowCaptures::alerts_most);
}

TEST_F(FlowCapturesTest, bytes_before_and_after_are_bounded) {
  FlowCaptureOptions options;
  options.before_most = 1'000;
  options.after_most = 500;
  open(options);
  const std::string filler(150, 'x');
  for (int i = 0; i < 50; ++i) udp(1000, filler);
  udp(1000, "evil");
  for (int i = 0; i < 50; ++i) udp(1000, filler);
  const auto done = captures_->take_finished();  // the bytes after closed it
  ASSERT_EQ(done.size(), 1U);
  EXPECT_EQ(done[0].packets, 4U + 1U + 3U);  // of 192, and the 46 of the alert itself
}

TEST_F(FlowCapturesTest, what_was_overwritten_is_counted) {
  FlowCaptureOptions options;
  options.memory = collectors::RecentFrames::bytes_least;
  open(options);
  for (int i = 0; i < 500; ++i) udp(1000, std::string(1000, 'x'));
  udp(1000, "evil");
  captures_->finish();
  EXPECT_EQ(captures_->counters().overwritten, 1U);
  const auto done = captures_->take_finished();
  ASSERT_EQ(done.size(), 1U);
  EXPECT_GT(done[0].packets, 30U);
  EXPECT_LT(done[0].packets, 70U);
}

TEST_F(FlowCapturesTest, fragments_come_with_their_datagram) {
  open({});
  const auto whole = made::udp_frame({made::client.address, 1000}, made::server, std::string(64, 'a') + "evil");
  const std::vector<std::uint8_t> datagram(whole.begin() + 34, whole.end());
  constexpr std::uint16_t more = 0x2000;
  frame(made::ipv4_frame(made::client.address, made::server.address, 17, {datagram.begin(), datagram.begin() + 32}, 9,
                         more));
  udp(2000, "in between");
  frame(made::ipv4_frame(made::client.address, made::server.address, 17, {datagram.begin() + 32, datagram.end()}, 9,
                         32 / 8));
  captures_->finish();
  const auto done = captures_->take_finished();
  ASSERT_EQ(done.size(), 1U);
  EXPECT_EQ(done[0].packets, 2U);
}

TEST_F(FlowCapturesTest, too_many_at_once_give_way_and_are_counted) {
  open({});
  const std::size_t flows = FlowCaptures::open_most + 10;
  for (std::size_t i = 0; i < flows; ++i) udp(static_cast<std::uint16_t>(1000 + i), "evil");
  EXPECT_EQ(captures_->counters().cut_short, 10U);
  captures_->finish();
  EXPECT_EQ(captures_->take_finished().size(), flows);
}

}  // namespace
}  // namespace tocsin::daemon
