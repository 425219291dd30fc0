#include "daemon/eve/stats.h"

#include <gtest/gtest.h>

#include "collectors/packet/packet_event.h"

namespace tocsin::daemon {
namespace {

TEST(EveStats, WorkersAddUp) {
  EveCounters one;
  one.applications[static_cast<std::size_t>(collectors::Protocol::dns)].flows_udp = 2;
  one.syn = 3;
  one.packet_bytes_most = 90;
  one.events[static_cast<std::size_t>(collectors::PacketEvent::udp_too_small)] = 4;
  collectors::PacketCounters packets;
  packets.received = 5;
  packets.received_bytes = 50;
  EveStats stats;
  stats.add(one, packets);
  stats.add(one, packets);
  stats.alerts = 1;
  const auto line = render_stats(stats);
  const auto holds = [&](std::string_view part) { return line.find(part) != std::string::npos; };
  EXPECT_TRUE(holds(R"("pkts":10,"bytes":100)")) << line;
  EXPECT_TRUE(holds(R"("dns_tcp":0,"dns_udp":4)"));
  EXPECT_TRUE(holds(R"("syn":6)"));
  EXPECT_TRUE(holds(R"("max_pkt_size":90)"));
  EXPECT_TRUE(holds(R"("udp":{"pkt_too_small":8)"));
  EXPECT_TRUE(holds(R"("alert":1)"));
}

}  // namespace
}  // namespace tocsin::daemon
