#include "daemon/app/evidence/carving.h"

#include <gtest/gtest.h>

#include "collectors/base/byte_source.h"
#include "collectors/packet/capture/file.h"
#include "responders/action/collect_packets/collect_packets.h"
#include "tests/unit/collectors/packet/recording.h"

namespace tocsin::daemon {
namespace {

namespace made = collectors::testing;
using Texts = std::vector<std::string>;

class CarvingTest : public ::testing::Test {
 protected:
  void frame(const std::vector<std::uint8_t>& bytes) {
    collectors::RawFrame raw;
    raw.time = now_ += std::chrono::seconds(1);
    raw.number = ++number_;
    raw.link_type = 1;
    raw.wire_length = bytes.size();
    raw.bytes = bytes;
    recent_.push(raw);
  }
  // To the server and back.
  void exchange(std::uint16_t port, const std::string& text) {
    frame(made::udp_frame({made::client.address, port}, made::server, text));
    frame(made::udp_frame(made::server, {made::client.address, port}, "re " + text));
  }
  PacketWish wish(responders::Parameters::Texts texts) const {
    return packet_wish(*responders::parse_parameters(responders::collect_packets_spec, texts), now_);
  }
  CarvedPackets carve(const PacketWish& wanted, std::size_t at_once = 3) const {
    Carving carving(wanted, "eth0");
    while (!carving.look(recent_, at_once)) continue;
    return carving.take();
  }
  static Texts payloads(const CarvedPackets& found) {
    Texts out;
    for (const auto& section : found.sections) {
      auto file = collectors::CaptureFile::open(source_from_memory(section));
      collectors::RawFrame raw;
      while (file->next(raw).value_or(false)) out.emplace_back(as_text(raw.bytes.subspan(42)));
    }
    return out;
  }

  collectors::RecentFrames recent_{1U << 20};
  Time now_{std::chrono::seconds(1'700'000'000)};
  std::uint64_t number_ = 0;
};

TEST_F(CarvingTest, both_ways_of_an_address_in_the_order_they_came) {
  exchange(1000, "one");
  frame(made::udp_frame({0x0A000009, 1000}, {0x0A000008, 80}, "others"));
  exchange(2000, "two");
  const auto found = carve(wish({{"address", "10.0.0.1"}}));
  EXPECT_EQ(payloads(found), (Texts{"one", "re one", "two", "re two"}));
  EXPECT_EQ(found.packets, 4U);
  EXPECT_EQ(found.first, found.reaches);
  EXPECT_FALSE(found.cut);
}

TEST_F(CarvingTest, one_connection_of_many) {
  exchange(1000, "one");
  exchange(2000, "two");
  const responders::Parameters::Texts connection{
      {"address", "10.0.0.1"}, {"port", "2000"}, {"peer", "10.0.0.2"}, {"peer_port", "80"}, {"protocol", "udp"}};
  EXPECT_EQ(payloads(carve(wish(connection))), (Texts{"two", "re two"}));
  auto other = connection;
  other.back().second = "tcp";
  EXPECT_EQ(carve(wish(other)).packets, 0U);
  other = connection;
  other[2].second = "10.0.0.3";
  EXPECT_EQ(carve(wish(other)).packets, 0U);
}

TEST_F(CarvingTest, of_a_time) {
  for (const auto* text : {"a", "b", "c", "d"}) exchange(1000, text);
  const auto found = carve(wish({{"address", "10.0.0.0/8"}, {"from_ago", "5s"}, {"until_ago", "2s"}}));
  EXPECT_EQ(payloads(found), (Texts{"b", "re b", "c", "re c"}));
}

TEST_F(CarvingTest, what_is_too_much_leaves_the_oldest_out_and_says_so) {
  for (const auto* text : {"a", "b", "c", "d"}) frame(made::udp_frame(made::client, made::server, text));
  auto wanted = wish({{"address", "10.0.0.1"}});
  wanted.bytes_most = 2 * made::udp_frame(made::client, made::server, "a").size();
  const auto found = carve(wanted);
  EXPECT_TRUE(found.cut);
  EXPECT_EQ(payloads(found), (Texts{"c", "d"}));
}

TEST_F(CarvingTest, counting_takes_nothing) {
  exchange(1000, "one");
  auto wanted = wish({{"address", "10.0.0.1"}});
  wanted.take = PacketWish::Take::count;
  const auto found = carve(wanted);
  EXPECT_EQ(found.packets, 2U);
  EXPECT_TRUE(found.sections.empty());
}

TEST_F(CarvingTest, frames_that_come_meanwhile_push_out_the_oldest_only) {
  recent_ = collectors::RecentFrames(collectors::RecentFrames::bytes_least);
  for (int i = 0; i < 300; ++i) frame(made::udp_frame(made::client, made::server, std::string(100, 'x')));
  Carving carving(wish({{"address", "10.0.0.1"}}), "eth0");
  while (!carving.look(recent_, 1)) frame(made::udp_frame(made::server, {made::client.address, 9}, "later"));
  const auto found = carving.take();
  EXPECT_GT(found.packets, 50U);
  EXPECT_LT(found.packets, 300U);
  for (const auto& text : payloads(found)) EXPECT_EQ(text, std::string(100, 'x'));
  EXPECT_GT(found.reaches, now_ - std::chrono::seconds(600));
}

TEST_F(CarvingTest, fragments_come_with_their_addresses_and_noise_with_nobody) {
  auto fragment = made::udp_frame(made::client, made::server, "the rest");
  fragment[14 + 7] = 0x10;  // fragment offset of IPv4: it has no ports
  frame(fragment);
  frame(std::vector<std::uint8_t>(60, 0xff));
  frame({});
  EXPECT_EQ(carve(wish({{"address", "10.0.0.1"}, {"port", "9"}})).packets, 1U);
}

}  // namespace
}  // namespace tocsin::daemon
