#include "collectors/packet/flow/table.h"

#include <gtest/gtest.h>

#include "tests/unit/collectors/packet/recording.h"

namespace tocsin::collectors::testing {
namespace {

std::vector<std::uint8_t> ping(bool request, std::uint16_t id) {
  std::vector<std::uint8_t> body{static_cast<std::uint8_t>(request ? 8 : 0), 0};
  put16(body, 0);
  put16(body, id);
  put16(body, 1);
  return request ? ipv4_frame(client.address, server.address, 1, body)
                 : ipv4_frame(server.address, client.address, 1, body);
}

TEST(FlowTable, BothDirectionsAreOneFlow) {
  Bench bench;
  bench.frame(udp_frame(client, server, "question"));
  bench.frame(udp_frame(server, client, "answer"));
  bench.frame(ping(true, 3));
  bench.frame(ping(false, 3));
  EXPECT_EQ(bench.listener.flows_begun, 2U);
  bench.worker.finish();
  for (const auto& record : bench.records.json) {
    EXPECT_NE(record.find("\"source.packets\":1"), std::string::npos) << record;
    EXPECT_NE(record.find("\"destination.packets\":1"), std::string::npos) << record;
    EXPECT_NE(record.find("\"source.ip\":\"10.0.0.1\""), std::string::npos) << record;
  }
}

TEST(FlowTable, WhoAnswersASynIsTheServer) {
  Bench bench;
  bench.tcp({server, client, 5000, 1001, tcp_flag::syn | tcp_flag::ack});
  bench.worker.finish();
  EXPECT_NE(bench.records.json.at(0).find("\"source.ip\":\"10.0.0.1\""), std::string::npos) << bench.records.json[0];
}

TEST(FlowTable, TimeOutsEndFlowsWithoutAnotherPacketOfThem) {
  Bench bench;
  bench.frame(udp_frame(client, server, "question"));
  bench.later(std::chrono::seconds(31));
  bench.frame(udp_frame({client.address, 1}, server, "other"));
  EXPECT_EQ(bench.listener.flows_ended, 1U);
  EXPECT_NE(bench.records.json.size(), 2U);
}

TEST(FlowTable, AFlowPastItsTimeOutBeginsAnew) {
  Bench bench;
  bench.frame(udp_frame(client, server, "question"));
  bench.frame(udp_frame(server, client, "answer"));
  bench.later(std::chrono::seconds(299));
  bench.frame(udp_frame(client, server, "again"));
  EXPECT_EQ(bench.listener.flows_begun, 1U);
  bench.later(std::chrono::seconds(301));
  bench.frame(udp_frame(client, server, "again"));
  EXPECT_EQ(bench.listener.flows_begun, 2U);
}

TEST(FlowTable, ANewSynReusesAClosedFlow) {
  Bench bench;
  bench.handshake();
  bench.tcp({client, server, 1001, 5001, tcp_flag::rst | tcp_flag::ack});
  bench.handshake();
  EXPECT_EQ(bench.listener.flows_begun, 2U);
  EXPECT_EQ(bench.listener.flows_ended, 1U);
}

TEST(FlowTable, TheMemoryCapEndsTheOldest) {
  PacketOptions options;
  options.flow.memory_most = 64 * 1024;
  Bench bench(options);
  for (std::uint16_t port = 1; port <= 2'000; ++port) bench.frame(udp_frame({client.address, port}, server, "x"));
  const auto& counters = bench.worker.counters();
  EXPECT_LE(counters.flow_memory, options.flow.memory_most);
  EXPECT_EQ(counters.flows, 2'000U);
  EXPECT_EQ(counters.flows_evicted, 2'000U - counters.flows_active);
  bench.worker.finish();
  EXPECT_EQ(bench.listener.flows_ended, 2'000U);
  EXPECT_EQ(counters.flow_memory, 0U);
}

TEST(FlowTable, IdsDoNotDependOnWhatElseThereIs) {
  const auto id_of = [](bool noise) {
    PacketOptions options;
    options.flow.hash_seed = noise ? 99 : 0;
    Bench bench(options);
    bench.frame(udp_frame(client, server, "x"));
    if (noise) bench.frame(udp_frame({1, 1}, server, "x"));
    bench.worker.finish();
    const auto& record = bench.records.json.at(0);
    const auto at = record.find("\"flow.id\":");
    return record.substr(at, 32);
  };
  EXPECT_EQ(id_of(false), id_of(true));
}

}  // namespace
}  // namespace tocsin::collectors::testing
