#include "collectors/packet/decode/decoder.h"

#include <gtest/gtest.h>

#include "collectors/packet/decode/checksum.h"
#include "collectors/packet/packet_event.h"
#include "tests/unit/collectors/packet/recording.h"

namespace tocsin::collectors::testing {
namespace {

using Octets = std::vector<std::uint8_t>;

Octets joined(std::initializer_list<Octets> parts) {
  Octets out;
  for (const auto& part : parts) out.insert(out.end(), part.begin(), part.end());
  return out;
}
Octets bare(const Octets& frame) { return {frame.begin() + 14, frame.end()}; }  // without Ethernet
const Octets ethernet_head{2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1};

// Ports of the innermost packet, after any number of tunnels.
std::string ports(const Octets& bytes, std::uint32_t link = 1) {
  RawFrame frame;
  frame.link_type = link;
  frame.bytes = bytes;
  frame.wire_length = bytes.size();
  DecodeOptions options;
  options.checksums = ChecksumMode::ignore;
  PacketCounters counters;
  Decoder decoder(options, counters);
  Packet packets[2];
  std::size_t depth = 0;
  auto decoded = decoder.decode(frame, packets[0]);
  while (decoded.inner && depth < 8) {
    decoded = decoder.decode_inner(packets[depth % 2], decoded.inner, packets[1 - depth % 2]);
    ++depth;
  }
  const auto& last = packets[depth % 2];
  return std::to_string(depth) + ":" + std::to_string(last.source_port) + ">" + std::to_string(last.destination_port) +
         (last.vlan_count != 0 ? " vlan " + std::to_string(last.vlan[0]) : "");
}

TEST(Decoder, LinkLayers) {
  const auto udp = udp_frame(client, server, "payload");
  EXPECT_EQ(ports(udp), "0:40000>80");
  EXPECT_EQ(ports(bare(udp), 101), "0:40000>80");
  EXPECT_EQ(ports(joined({{2, 0, 0, 0}, bare(udp)}), 0), "0:40000>80");
  EXPECT_EQ(ports(joined({{0, 0, 0, 2}, bare(udp)}), 108), "0:40000>80");
  EXPECT_EQ(ports(joined({Octets(14, 0), {8, 0}, bare(udp)}), 113), "0:40000>80");
  EXPECT_EQ(ports(joined({{8, 0}, Octets(18, 0), bare(udp)}), 276), "0:40000>80");
  EXPECT_EQ(ports(joined({{0xFF, 3, 0, 0x21}, bare(udp)}), 9), "0:40000>80");
  EXPECT_EQ(ports(joined({ethernet_head, {0x88, 0xA8, 0, 5, 0x81, 0, 0, 6, 8, 0}, bare(udp)})), "0:40000>80 vlan 5");
  EXPECT_EQ(ports(joined({ethernet_head, {0x88, 0x47, 0, 1, 1, 64}, bare(udp)})), "0:40000>80");
}

TEST(Decoder, Tunnels) {
  const auto inner = udp_frame(client, server, "payload");
  const auto over_ip = [&](std::uint8_t protocol, const Octets& body) { return ipv4_frame(1, 2, protocol, body); };
  const auto over_udp = [&](std::uint16_t port, const Octets& body) {
    return udp_frame({1, 9}, {2, port}, as_text(body));
  };
  EXPECT_EQ(ports(over_ip(4, bare(inner))), "1:40000>80");
  EXPECT_EQ(ports(over_ip(47, joined({{0, 0, 8, 0}, bare(inner)}))), "1:40000>80");
  EXPECT_EQ(ports(over_ip(47, joined({{0x20, 0, 0x65, 0x58, 0, 0, 0, 1}, inner}))), "1:40000>80");
  EXPECT_EQ(ports(over_ip(47, joined({{0x10, 0, 0x88, 0xBE, 0, 0, 0, 1, 0x10, 0, 0, 0, 0, 0, 0, 0}, inner}))),
            "1:40000>80");
  EXPECT_EQ(ports(over_udp(4789, joined({{8, 0, 0, 0, 0, 0, 1, 0}, inner}))), "1:40000>80");
  EXPECT_EQ(ports(over_udp(6081, joined({{0, 0, 0x65, 0x58, 0, 0, 1, 0}, inner}))), "1:40000>80");
}

TEST(Decoder, TunnelsInTunnelsAreCapped) {
  auto body = bare(udp_frame(client, server, "x"));
  for (int i = 0; i < 30; ++i) body = bare(ipv4_frame(1, 2, 4, body));
  Bench bench;
  bench.frame(joined({ethernet_head, {8, 0}, body}));
  EXPECT_EQ(bench.worker.counters().tunnels_too_deep, 1U);
}

TEST(Decoder, EveryCutIsSurvived) {
  const auto whole = tcp_frame({client, server, 1, 2, tcp_flag::ack, "payload"});
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    const Octets part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    Bench bench;
    bench.frame(part);
    const auto& counters = bench.worker.counters();
    EXPECT_EQ(counters.decoded + counters.undecodable, 1U);
    EXPECT_EQ(counters.tcp, size == whole.size() ? 1U : 0U);
  }
}

TEST(Decoder, BadChecksumsKeepPacketsOutOfStreams) {
  for (const auto mode : {ChecksumMode::validate, ChecksumMode::ignore}) {
    DecodeOptions options;
    options.checksums = mode;
    PacketCounters counters;
    Decoder decoder(options, counters);
    Packet packet;
    const auto bytes = tcp_frame({client, server, 1, 2, tcp_flag::ack, "payload"});
    RawFrame frame;
    frame.link_type = 1;
    frame.bytes = bytes;
    frame.wire_length = bytes.size();
    decoder.decode(frame, packet);
    EXPECT_EQ(packet.checksum_bad, mode == ChecksumMode::validate);
  }
}

TEST(Checksum, OfRfc1071) {
  const Octets bytes{0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
  EXPECT_EQ(checksum_sum(bytes), 0xddf2);
  EXPECT_EQ(checksum_sum(Bytes(bytes).first(7)), 0xdcfb);
}

TEST(PacketEvents, NamesAreUnique) {
  for (const auto& row : packet_event_table()) EXPECT_EQ(find_packet_event(row.name), row.event) << row.name;
}

}  // namespace
}  // namespace tocsin::collectors::testing
