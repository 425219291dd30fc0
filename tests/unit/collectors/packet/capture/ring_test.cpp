#include "collectors/packet/capture/ring.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "collectors/packet/capture/packet_socket.h"
#include "tests/unit/collectors/packet/capture/veth.h"

namespace tocsin::collectors::testing {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

TEST(RingGeometry, SurvivesItsEncoding) {
  RingGeometry geometry = plan_ring(64ULL << 20, 262'144).value();
  geometry.link_type = 101;
  geometry.interface = 7;
  const auto bytes = geometry.encode();
  EXPECT_EQ(RingGeometry::encoded_size, bytes.size());
  EXPECT_EQ(geometry, RingGeometry::decode(bytes).value());
}

TEST(RingGeometry, EveryDamagedByteIsRefused) {
  const auto good = plan_ring(1 << 20, 1514).value().encode();
  for (std::size_t i = 0; i < good.size(); ++i) {
    auto bad = good;
    bad[i] ^= 0x55;
    EXPECT_FALSE(RingGeometry::decode(bad)) << i;
    EXPECT_FALSE(RingGeometry::decode(Bytes(good).first(i))) << i;
  }
}

TEST(RingGeometry, BlocksHoldAFrameAndFitTheMemory) {
  for (const std::uint32_t snapshot : {64U, 1514U, 9018U, 65'549U, 262'144U})
    for (const std::uint64_t bytes : {64ULL << 10, 1ULL << 20, 3'000'000ULL, 64ULL << 20, 1ULL << 30}) {
      const auto geometry = plan_ring(bytes, snapshot);
      if (!geometry) {
        EXPECT_LT(bytes, 4ULL * (snapshot + 4096)) << snapshot;
        EXPECT_THAT(geometry.error().message, HasSubstr("at least"));
        continue;
      }
      EXPECT_LE(geometry->bytes(), bytes);
      EXPECT_GT(geometry->bytes() + geometry->block_size, bytes);
      EXPECT_GT(geometry->block_size, snapshot);
      EXPECT_GE(geometry->block_count, 2U);
    }
}

TEST(RingGeometry, OutOfRangeIsRefused) {
  EXPECT_EQ(Code::invalid, plan_ring(1024, 1514).error().code);
  EXPECT_EQ(Code::invalid, plan_ring(1ULL << 40, 1514).error().code);
  EXPECT_EQ(Code::invalid, plan_ring(1 << 20, 10).error().code);
  EXPECT_EQ(Code::invalid, plan_ring(1 << 20, 1U << 30).error().code);
}

TEST(PacketFilter, IsCheckedWithoutPrivilege) {
  EXPECT_TRUE(check_packet_filter(""));
  EXPECT_TRUE(check_packet_filter("tcp port 80 and not host 10.0.0.1"));
  EXPECT_TRUE(check_packet_filter("vlan 5 and udp"));
  EXPECT_TRUE(check_packet_filter("inbound and udp"));
  const auto bad = check_packet_filter("tcp prot 80");
  ASSERT_FALSE(bad);
  EXPECT_EQ(Code::invalid, bad.error().code);
  EXPECT_THAT(bad.error().message, HasSubstr("syntax error"));
  EXPECT_FALSE(check_packet_filter("vlan prot"));
  EXPECT_FALSE(check_packet_filter(std::string("tcp\0udp", 7)));
}

TEST(PacketRing, NeedsAPacketSocket) {
  const int other = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ASSERT_GE(other, 0);
  EXPECT_FALSE(PacketRing::map(other, plan_ring(1 << 20, 1514).value()));
  EXPECT_EQ(-1, ::fcntl(other, F_GETFD)) << "the descriptor was not taken over";
  EXPECT_FALSE(PacketRing::map(-1, plan_ring(1 << 20, 1514).value()));
}

TEST(PacketSocket, MissingInterfaceIsNotFound) {
  PacketSocketOptions options;
  for (const auto* name : {"", "nosuch0", "averyverylonginterfacename"}) {
    options.interface = name;
    EXPECT_EQ(Code::not_found, open_packet_socket(options).error().code) << name;
  }
  options.interface = "any";
  EXPECT_EQ(Code::invalid, open_packet_socket(options).error().code);
}

TEST_F(Veth, EverySentFrameArrivesOnceAndWhole) {
  auto ring = far_ring(options("far0"));
  ASSERT_TRUE(ring) << ring.error().text();
  const Sender sender("near0");
  constexpr std::uint32_t frames = 5000;
  std::uint32_t sent = 0;
  std::uint32_t seen = 0;
  Time last{};
  const auto check = [&](const RawFrame& frame) {
    EXPECT_EQ(seen, number_in(frame));
    EXPECT_EQ(++seen, frame.number);
    EXPECT_EQ(60 + seen % 1400, frame.bytes.size());
    EXPECT_EQ(frame.bytes.size(), frame.wire_length);
    EXPECT_EQ(1U, frame.link_type);
    EXPECT_GE(frame.time, last);
    EXPECT_FALSE(frame.vlan_tci);
    last = frame.time;
  };
  while (sent < frames) {
    for (std::uint32_t i = 0; i < 250; ++i, ++sent) ASSERT_TRUE(sender.send(sent, 60 + (sent + 1) % 1400));
    read_all(*ring, check);
  }
  EXPECT_EQ(frames, seen);
  const auto statistics = ring->statistics().value();
  EXPECT_EQ(frames, statistics.offered);
  EXPECT_EQ(frames, statistics.delivered);
  EXPECT_EQ(0U, statistics.dropped);
  EXPECT_EQ(0U, statistics.truncated);
  const std::chrono::duration<double> age =
      std::chrono::system_clock::now().time_since_epoch() - last.time_since_epoch();
  EXPECT_LT(std::abs(age.count()), 60) << "times are not of this clock";
}

// On the sending side the tap is part of the send itself, so nothing can be lost before the ring.
TEST_F(Veth, OverloadIsCountedToTheFrame) {
  auto wanted = options("near0");
  wanted.ring_bytes = 64 << 10;
  auto opened = open_packet_socket(wanted);
  ASSERT_TRUE(opened) << opened.error().text();
  const RingGeometry geometry = opened->geometry();
  auto ring = PacketRing::map(opened->release(), geometry);
  ASSERT_TRUE(ring) << ring.error().text();
  const Sender sender("near0");
  std::uint64_t sent = 0;
  for (int turn = 0; turn < 3; ++turn) {
    for (std::uint32_t i = 0; i < 3000; ++i, ++sent) ASSERT_TRUE(sender.send(static_cast<std::uint32_t>(sent), 700));
    const auto before = ring->statistics().value();
    EXPECT_GT(before.dropped, 0U);
    EXPECT_GT(before.freezes, 0U);
    read_all(*ring, [](const RawFrame&) {});
    const auto after = ring->statistics().value();
    EXPECT_EQ(sent, after.offered);
    EXPECT_EQ(sent, after.delivered + after.dropped);
    EXPECT_GE(after.dropped, before.dropped);
  }
  // Loss that nobody asked about yet is marked on the blocks that follow.
  for (std::uint32_t i = 0; i < 3000; ++i) ASSERT_TRUE(sender.send(i, 700));
  read_all(*ring, [](const RawFrame&) {});
  ASSERT_TRUE(sender.send(0));
  read_all(*ring, [](const RawFrame&) {});
  EXPECT_GT(ring->statistics().value().losing_blocks, 0U);
}

TEST_F(Veth, LongFramesAreCutAndSaySo) {
  auto wanted = options("far0");
  wanted.snapshot_length = 100;
  auto ring = far_ring(wanted);
  ASSERT_TRUE(ring) << ring.error().text();
  ASSERT_TRUE(Sender("near0").send(1, 900));
  read_all(*ring, [](const RawFrame& frame) {
    EXPECT_EQ(100U, frame.bytes.size());
    EXPECT_EQ(900U, frame.wire_length);
  });
  EXPECT_EQ(1U, ring->statistics().value().truncated);
}

TEST_F(Veth, VlanTagIsGivenBesideTheFrame) {
  auto wanted = options("far0");
  wanted.filter = "vlan 42";  // understood though the kernel took the tag off
  auto ring = far_ring(wanted);
  ASSERT_TRUE(ring) << ring.error().text();
  const Sender sender("near0");
  ASSERT_TRUE(sender.send(Sender::frame(7, 120, {0x81, 0x00, 0x60, 0x2a, 0x88, 0xb5})));
  ASSERT_TRUE(sender.send(Sender::frame(8, 120, {0x81, 0x00, 0x60, 0x2b, 0x88, 0xb5})));
  ASSERT_TRUE(sender.send(9));
  std::size_t frames = read_all(*ring, [](const RawFrame& frame) {
    EXPECT_EQ(0x602a, frame.vlan_tci.value_or(0));
    EXPECT_EQ(7U, number_in(frame));
    EXPECT_EQ(116U, frame.bytes.size());
  });
  EXPECT_EQ(1U, frames);
}

TEST_F(Veth, FilterIsAppliedAndLocked) {
  auto wanted = options("far0");
  wanted.filter = "ether proto 0x88b5 and ether[17] = 3";
  auto ring = far_ring(wanted);
  ASSERT_TRUE(ring) << ring.error().text();
  const Sender sender("near0");
  for (std::uint32_t i = 0; i < 10; ++i) ASSERT_TRUE(sender.send(i));
  EXPECT_EQ(1U, read_all(*ring, [](const RawFrame& frame) { EXPECT_EQ(3U, number_in(frame)); }));
  EXPECT_EQ(1U, ring->statistics().value().offered) << "filtered packets are not loss";
  EXPECT_NE(0, ::setsockopt(ring->descriptor(), SOL_SOCKET, SO_DETACH_FILTER, nullptr, 0));
}

TEST_F(Veth, BadFilterCarriesTheReason) {
  auto wanted = options("near0");
  wanted.filter = "tcp prot 80";
  const auto opened = open_packet_socket(wanted);
  ASSERT_FALSE(opened);
  EXPECT_EQ(Code::invalid, opened.error().code);
  EXPECT_THAT(opened.error().message, HasSubstr("syntax error"));
  wanted.filter = "vlan prot";
  EXPECT_EQ(Code::invalid, open_packet_socket(wanted).error().code);
}

TEST_F(Veth, OwnPacketsAreMarkedAsWithoutChecksum) {
  auto ring = far_ring(options("far0"));
  ASSERT_TRUE(ring) << ring.error().text();
  const int udp = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const int one = 1;
  ::setsockopt(udp, SOL_SOCKET, SO_BROADCAST, &one, sizeof one);  // needs no ARP
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(9);
  to.sin_addr.s_addr = htonl(0x0a0900ff);
  ASSERT_EQ(4, ::sendto(udp, "abcd", 4, 0, reinterpret_cast<const sockaddr*>(&to), sizeof to));
  ::close(udp);
  ASSERT_TRUE(Sender("near0").send(1));
  std::vector<bool> pending;
  read_all(*ring, [&](const RawFrame& frame) { pending.push_back(frame.checksum_pending); });
  EXPECT_EQ((std::vector<bool>{true, false}), pending);
}

TEST_F(Veth, InterfaceThatGoesDownIsAnErrorAndComesBack) {
  auto ring = far_ring(options("far0"));
  ASSERT_TRUE(ring) << ring.error().text();
  const auto ignore = [](const RawFrame&) {};
  enter(far_);
  ASSERT_TRUE(run("ip link set far0 down"));
  const auto down = ring->poll(milliseconds(500), ignore);
  ASSERT_FALSE(down);
  EXPECT_EQ(Code::unreachable, down.error().code);
  // It stays an error as long as the interface is down, and waiting is waiting: no spin.
  const auto begun = std::chrono::steady_clock::now();
  const auto still = ring->poll(milliseconds(80), ignore);
  EXPECT_EQ(Code::unreachable, still ? Code::failure : still.error().code);
  EXPECT_GE(std::chrono::steady_clock::now() - begun, milliseconds(70));
  ASSERT_TRUE(run("ip link set far0 up"));
  ASSERT_TRUE(running("far0"));
  enter(near_);
  ASSERT_TRUE(running("near0"));
  EXPECT_EQ(0U, ring->poll(milliseconds(20), ignore).value_or(99)) << "up again, and nothing came yet";
  ASSERT_TRUE(Sender("near0").send(5));
  EXPECT_EQ(1U, read_all(*ring, [](const RawFrame& frame) { EXPECT_EQ(5U, number_in(frame)); }));
  ASSERT_TRUE(run("ip link del near0"));
  const auto gone = ring->poll(milliseconds(500), ignore);
  ASSERT_FALSE(gone);
  EXPECT_EQ(Code::not_found, gone.error().code);
}

TEST_F(Veth, FramesFromBeforeDoNotHideThatTheInterfaceIsDown) {
  PacketSocketOptions wanted = options("far0");
  wanted.block_timeout = milliseconds(300);
  auto ring = far_ring(wanted);
  ASSERT_TRUE(ring) << ring.error().text();
  ASSERT_TRUE(Sender("near0").send(7));
  enter(far_);
  ASSERT_TRUE(run("ip link del far0"));
  std::size_t frames = 0;
  std::vector<Code> failures;
  for (int i = 0; i < 4; ++i) {
    const auto polled = ring->poll(milliseconds(400), [](const RawFrame& frame) { EXPECT_EQ(7U, number_in(frame)); });
    if (polled) frames += *polled;
    else failures.push_back(polled.error().code);
  }
  EXPECT_EQ(1U, frames);
  EXPECT_EQ((std::vector<Code>{Code::not_found, Code::not_found, Code::not_found}), failures);
}

TEST_F(Veth, LoopbackGivesEachPacketOnce) {
  ASSERT_TRUE(run("ip link set lo up"));
  auto opened = open_packet_socket(options("lo"));
  ASSERT_TRUE(opened) << opened.error().text();
  const RingGeometry geometry = opened->geometry();
  auto ring = PacketRing::map(opened->release(), geometry);
  ASSERT_TRUE(ring) << ring.error().text();
  const int receiver = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof to;
  ASSERT_EQ(0, ::bind(receiver, reinterpret_cast<const sockaddr*>(&to), sizeof to));
  ASSERT_EQ(0, ::getsockname(receiver, reinterpret_cast<sockaddr*>(&to), &size));
  for (int i = 0; i < 3; ++i)
    ASSERT_EQ(4, ::sendto(receiver, "ping", 4, 0, reinterpret_cast<const sockaddr*>(&to), sizeof to));
  EXPECT_EQ(3U, read_all(*ring, [](const RawFrame& frame) { EXPECT_EQ(1U, frame.link_type); }));
  ::close(receiver);
}

TEST_F(Veth, TunnelInterfaceGivesBareIp) {
  if (!run("ip tuntap add dev tun9 mode tun 2>/dev/null")) GTEST_SKIP() << "the kernel has no tun";
  ASSERT_TRUE(run("ip addr add 10.8.0.1/24 dev tun9 && ip link set tun9 up"));
  auto opened = open_packet_socket(options("tun9"));
  ASSERT_TRUE(opened) << opened.error().text();
  EXPECT_EQ(101U, opened->geometry().link_type);
}

std::uint32_t conversation(std::uint32_t client, bool reply, std::vector<std::uint8_t>& frame) {
  frame = Sender::frame(0, 14, {0x08, 0x00});
  const std::uint32_t a = 0x0a090100 + client;
  const std::uint32_t b = 0x0a090002;
  std::vector<std::uint8_t> ip{0x45, 0, 0, 40, 0, 0, 0, 0, 64, 17, 0, 0};
  for (const auto address : {reply ? b : a, reply ? a : b})
    for (int shift = 24; shift >= 0; shift -= 8) ip.push_back(static_cast<std::uint8_t>(address >> shift));
  ip.resize(40);
  frame.insert(frame.end(), ip.begin(), ip.end());
  return client;
}

TEST_F(Veth, FanoutKeepsBothDirectionsTogetherAndLosesNothing) {
  std::vector<PacketRing> rings;
  for (int i = 0; i < 2; ++i) {
    auto wanted = options("near0");
    wanted.fanout = FanoutGroup{77};
    auto opened = open_packet_socket(wanted);
    ASSERT_TRUE(opened) << opened.error().text();
    const RingGeometry geometry = opened->geometry();
    auto ring = PacketRing::map(opened->release(), geometry);
    ASSERT_TRUE(ring) << ring.error().text();
    rings.push_back(std::move(*ring));
  }
  const Sender sender("near0");
  constexpr std::uint32_t clients = 100;
  std::vector<std::uint8_t> frame;
  for (std::uint32_t client = 1; client <= clients; ++client)
    for (const bool reply : {false, true}) {
      conversation(client, reply, frame);
      ASSERT_TRUE(sender.send(frame));
    }
  std::array<std::array<int, clients + 1>, 2> seen{};
  for (std::size_t i = 0; i < 2; ++i)
    read_all(rings[i], [&](const RawFrame& got) {
      const std::uint8_t source = got.bytes[14 + 15];
      const std::uint8_t net = got.bytes[14 + 14];
      ++seen[i][net == 1 ? source : got.bytes[14 + 19]];
    });
  int first = 0;
  for (std::uint32_t client = 1; client <= clients; ++client) {
    EXPECT_EQ(2, seen[0][client] + seen[1][client]) << client;
    EXPECT_NE(1, seen[0][client]) << "the two directions of client " << client << " went to different rings";
    first += seen[0][client] / 2;
  }
  EXPECT_GT(first, 25) << "nearly all went to one ring";
  EXPECT_LT(first, 75) << "nearly all went to one ring";
}

// As the daemon does it: the descriptor crosses a socket to a process without any capability.
TEST_F(Veth, ReceiverNeedsNoCapability) {
  auto opened = open_packet_socket(options("near0"));
  ASSERT_TRUE(opened) << opened.error().text();
  const auto geometry = opened->geometry().encode();
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    if (::setresgid(65534, 65534, 65534) != 0 || ::setresuid(65534, 65534, 65534) != 0) ::_exit(10);
    auto known = RingGeometry::decode(geometry);
    if (!known) ::_exit(11);
    auto ring = PacketRing::map(opened->release(), *known);
    if (!ring) ::_exit(12);
    const auto got = ring->poll(milliseconds(2000), [](const RawFrame&) {});
    if (!got || *got != 1) ::_exit(13);
    ::_exit(open_packet_socket(options("near0")).error().code == Code::denied ? 0 : 14);
  }
  ASSERT_TRUE(Sender("near0").send(1));
  int status = 0;
  ASSERT_EQ(child, ::waitpid(child, &status, 0));
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

TEST_F(Veth, WrongGeometryIsRefused) {
  auto opened = open_packet_socket(options("near0"));
  ASSERT_TRUE(opened) << opened.error().text();
  RingGeometry geometry = opened->geometry();
  geometry.block_count *= 2;
  const auto ring = PacketRing::map(opened->release(), geometry);
  EXPECT_TRUE(!ring && ring.error().code == Code::invalid);
}

}  // namespace
}  // namespace tocsin::collectors::testing
