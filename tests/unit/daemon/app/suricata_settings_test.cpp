#include "daemon/app/suricata_settings.h"

#include <gtest/gtest.h>

namespace tocsin::daemon {
namespace {

TEST(SuricataSettings, PortsOfTunnels) {
  const auto read =
      read_suricata_settings("", {"vars.port-groups.OUR_PORTS=8472,1", "decoder.vxlan.ports=$OUR_PORTS",
                                  "decoder.geneve.ports=[6081, 7000]", "decoder.teredo.ports=$NOBODY_SET_IT"});
  ASSERT_TRUE(read);
  EXPECT_EQ(read->packets.decode.vxlan_ports, (std::vector<std::uint16_t>{8472, 1}));
  EXPECT_EQ(read->packets.decode.geneve_ports, (std::vector<std::uint16_t>{6081, 7000}));
  EXPECT_EQ(read->packets.decode.teredo_ports, std::vector<std::uint16_t>{3544});
}

TEST(SuricataSettings, LimitsAndTimes) {
  const auto read = read_suricata_settings(
      "", {"flow-timeouts.tcp.established=5", "flow-timeouts.default.new=7", "decoder.max-layers=3",
           "flow-timeouts.udp.emergency-new=1", "defrag.timeout=9", "app-layer.protocols.mqtt.max-tx=11"});
  ASSERT_TRUE(read);
  EXPECT_EQ(read->packets.flow.tcp.established, std::chrono::seconds(5));
  EXPECT_EQ(read->packets.flow.other.fresh, std::chrono::seconds(7));
  EXPECT_EQ(read->packets.flow.udp.fresh, std::chrono::seconds(30));
  EXPECT_EQ(read->packets.decode.layers_most, 3U);
  EXPECT_EQ(read->packets.defragment.timeout, std::chrono::seconds(9));
  EXPECT_EQ(read->packets.mqtt.transactions_most, 11U);
}

TEST(SuricataSettings, ValuesThatCannotBe) {
  for (const auto* setting : {"decoder.vxlan.ports=65536", "decoder.vxlan.ports=[1,,2]", "flow-timeouts.tcp=3",
                              "flow-timeouts.sctp.new=3", "flow-timeouts.tcp.new=soon", "decoder.max-layers=0"})
    EXPECT_FALSE(read_suricata_settings("", {setting})) << setting;
}

}  // namespace
}  // namespace tocsin::daemon
