#include "daemon/eve/observer.h"

#include <gtest/gtest.h>

#include "collectors/packet/packet_event.h"

namespace tocsin::daemon {
namespace {

using collectors::Direction;

class Talk final : public collectors::Transaction {
 public:
  Talk() { protocol = collectors::Protocol::ssh; }
  bool done = false;
  std::uint32_t records = 1;

  std::optional<Bytes> buffer(collectors::Buffer, Direction, std::uint32_t) const override { return std::nullopt; }
  std::uint8_t progress(Direction) const override { return done ? 1 : 0; }
  bool complete(Direction) const override { return done; }
  void fill(EventBuilder&) const override {}
  std::uint32_t record_count(const collectors::RecordDetail&) const override { return records; }
  bool describe(JsonWriter& json, const collectors::RecordDetail&, collectors::RecordPurpose,
                std::uint32_t part) const override {
    json.key("ssh").begin_object().member("part", part).end_object();
    return true;
  }
};

struct Bench {
  explicit Bench(EveOptions options = {}) : observer(std::move(options)) {
    observer.attached(0);
    flow.id = 7;
    flow.transport = collectors::ip_protocol::tcp;
    flow.client = {*parse_address("192.0.2.1"), 4000};
    flow.server = {*parse_address("2001:db8::2"), 22};
    flow.last = Time{std::chrono::seconds(1'700'000'000)};
    packet.number = 3;
    packet.time = Time{std::chrono::seconds(1'700'000'001)};
    packet.flow = &flow;
    packet.source = flow.client.address;
    packet.destination = flow.server.address;
    packet.source_port = 4000;
    packet.destination_port = 22;
    packet.protocol = collectors::ip_protocol::tcp;
  }
  collectors::TransactionUpdate update(const collectors::Packet* cause) {
    return {flow, talk, Direction::to_server, cause};
  }
  std::string only() {
    auto records = observer.take();
    EXPECT_EQ(records.size(), 1U);
    return records.empty() ? std::string{} : records.front().line;
  }

  EveObserver observer;
  collectors::Flow flow;
  collectors::Packet packet;
  Talk talk;
};

bool holds(const std::string& line, std::string_view part) { return line.find(part) != std::string::npos; }

TEST(EveObserver, TransactionIsWrittenOnceAndAfterItsPacket) {
  Bench bench;
  bench.observer.on_transaction(bench.update(&bench.packet));
  bench.talk.done = true;
  bench.observer.on_transaction(bench.update(&bench.packet));
  bench.observer.on_transaction_end(bench.update(&bench.packet));
  EXPECT_TRUE(bench.observer.take().empty());
  bench.observer.on_packet(bench.packet);
  const auto line = bench.only();
  EXPECT_TRUE(holds(line, R"("event_type":"ssh")")) << line;
  EXPECT_TRUE(holds(line, R"("pcap_cnt":3)"));
  EXPECT_TRUE(holds(line, R"("dest_ip":"2001:0db8:0000:0000:0000:0000:0000:0002")"));
  EXPECT_TRUE(holds(line, R"("ssh":{"part":0})"));
  EXPECT_TRUE(holds(line, R"("pkt_src":"wire/pcap")"));
}

TEST(EveObserver, TimeOutWritesWithoutPacketNumber) {
  Bench bench;
  bench.talk.records = 2;
  bench.observer.on_transaction_end(bench.update(nullptr));
  bench.observer.on_flow_end(bench.flow, collectors::FlowEnd::timeout);
  auto records = bench.observer.take();
  ASSERT_EQ(records.size(), 3U);  // and that of the flow
  EXPECT_TRUE(holds(records[1].line, R"("ssh":{"part":1})"));
  EXPECT_FALSE(holds(records[0].line, "pcap_cnt"));
  EXPECT_TRUE(holds(records[0].line, R"x("pkt_src":"stream (flow timeout)")x"));
}

TEST(EveObserver, UnwantedTypesAreNotWritten) {
  Bench bench(EveOptions::none());
  bench.talk.done = true;
  bench.observer.on_transaction(bench.update(&bench.packet));
  bench.observer.on_packet(bench.packet);
  bench.observer.on_flow_end(bench.flow, collectors::FlowEnd::timeout);
  EXPECT_TRUE(bench.observer.take().empty());
}

TEST(EveObserver, FilesAreCountedAndDigested) {
  EveOptions options;
  options.files.sha256 = options.files.md5 = true;
  Bench bench(std::move(options));
  const std::string body = "abc";
  bench.observer.on_file(
      {bench.flow, &bench.talk, Direction::to_client, 0, "a.bin", 0, as_bytes(body), 0, false, false, &bench.packet});
  bench.observer.on_file(
      {bench.flow, &bench.talk, Direction::to_client, 0, "a.bin", 3, {}, 0, true, false, &bench.packet});
  bench.observer.on_packet(bench.packet);
  EXPECT_TRUE(bench.observer.take().empty());  // rules look at that side with its next packet
  bench.packet.direction = Direction::to_client;
  bench.observer.on_packet(bench.packet);
  const auto line = bench.only();
  EXPECT_TRUE(holds(line, R"("src_ip":"2001:0db8:)")) << line;  // from who sent it
  EXPECT_TRUE(holds(line, R"("filename":"a.bin","gaps":false,"state":"CLOSED")"));
  EXPECT_TRUE(holds(line, R"("md5":"900150983cd24fb0d6963f7d28e17f72")"));
  EXPECT_TRUE(holds(line, R"("sha256":"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")"));
  EXPECT_TRUE(holds(line, R"("size":3)"));
}

TEST(EveObserver, FlowSaysStateReasonAndFlags) {
  Bench bench;
  bench.flow.tcp_state = "closed";
  bench.flow.state = collectors::FlowState::closed;
  bench.flow.client.tcp_flags = 0x1B;
  bench.flow.server.tcp_flags = 0x12;
  bench.observer.on_flow_end(bench.flow, collectors::FlowEnd::shutdown);
  const auto line = bench.only();
  EXPECT_TRUE(holds(line, R"("state":"closed","reason":"shutdown","alerted":false)")) << line;
  EXPECT_TRUE(holds(line, R"("tcp_flags":"1b","tcp_flags_ts":"1b","tcp_flags_tc":"12","syn":true,"fin":true)"));
}

TEST(EveObserver, AnomaliesAreWrittenOnce) {
  EveOptions options;
  options.anomaly.decode = true;
  Bench bench(std::move(options));
  collectors::mark(bench.packet, collectors::PacketEvent::ipv4_option_malformed);
  bench.observer.on_packet(bench.packet);
  EXPECT_TRUE(holds(bench.only(), R"("type":"decode","event":"decoder.ipv4.opt_malformed")"));
  bench.packet.events.reset();
  bench.talk.events.set(static_cast<std::size_t>(collectors::PacketEvent::dns_invalid_opcode));
  for (int i = 0; i < 2; ++i) {
    bench.observer.on_transaction(bench.update(&bench.packet));
    bench.observer.on_packet(bench.packet);
  }
  EXPECT_TRUE(holds(bench.only(), R"("event":"invalid_opcode","layer":"proto_parser")"));
}

TEST(EveObserver, AlertsCarryTransactionAndPayload) {
  EveOptions options;
  options.alert.payload_printable = true;
  Bench bench(std::move(options));
  const std::string data = "hello\x01";
  bench.observer.on_stream({bench.flow, Direction::to_server, 0, as_bytes(data), 4, false, &bench.packet});
  rules::Alert alert;
  alert.rule = std::make_shared<rules::RuleInfo>();
  bench.observer.annotate(alert, {&bench.packet, &bench.flow, &bench.talk, Direction::to_server, true});
  ASSERT_NE(alert.annotation, nullptr);
  EXPECT_TRUE(holds(alert.annotation->of_record, R"("ssh":{"part":0})")) << alert.annotation->of_record;
  EXPECT_TRUE(holds(alert.annotation->of_record, R"("payload_printable":"[4 bytes missing]hello.")"));
  EXPECT_TRUE(holds(alert.annotation->of_record, R"("stream":1)"));
}

TEST(EveRecord, OrderDoesNotDependOnWorkers) {
  const Time now{std::chrono::seconds(5)};
  std::vector<EveRecord> records{{now, 2, 9, 0, "c"}, {now, 1, 9, 7, "b"}, {now, 1, 3, 8, "a"}};
  put_in_order(records);
  EXPECT_EQ(records[0].line + records[1].line + records[2].line, "abc");
}

}  // namespace
}  // namespace tocsin::daemon
