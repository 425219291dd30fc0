// What is wrong with a packet, by the names that rules use.
#include <gtest/gtest.h>

#include "collectors/packet/decode/decoder.h"
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
Octets framed(std::uint16_t type, const Octets& body) {
  return joined({Octets(12, 2), {static_cast<std::uint8_t>(type >> 8), static_cast<std::uint8_t>(type)}, body});
}

// Names of all events of the outermost packet, without "decoder.".
std::string events(const Octets& bytes) {
  RawFrame frame;
  frame.link_type = 1;
  frame.bytes = bytes;
  frame.wire_length = bytes.size();
  DecodeOptions options;
  options.checksums = ChecksumMode::ignore;
  PacketCounters counters;
  Decoder decoder(options, counters);
  Packet packet;
  decoder.decode(frame, packet);
  std::string out;
  for (const auto& row : packet_event_table())
    if (packet.events.test(static_cast<std::size_t>(row.event)))
      out += (out.empty() ? "" : " ") + std::string(row.name.substr(row.name.find('.') + 1));
  return out;
}

std::string icmp4(std::uint8_t type, std::uint8_t code, const Octets& quoted = {}) {
  return events(ipv4_frame(1, 2, 1, joined({{type, code, 0, 0, 0, 0, 0, 0}, quoted})));
}
Octets ipv6_packet(std::uint8_t next, std::uint8_t hops, const Octets& body) {
  Octets head(40, 0);
  head[0] = 0x60;
  head[5] = static_cast<std::uint8_t>(body.size());
  head[6] = next;
  head[7] = hops;
  head[23] = 1;
  head[39] = 2;
  return joined({head, body});
}
std::string icmp6(std::uint8_t type, std::uint8_t code, const Octets& quoted = {}, std::uint8_t hops = 64) {
  return events(framed(0x86DD, ipv6_packet(58, hops, joined({{type, code, 0, 0, 0, 0, 0, 0}, quoted}))));
}
const Octets whole4 = bare(udp_frame(client, server, "x"));
const Octets whole6 = ipv6_packet(59, 64, {});

TEST(DecodeEvents, TypesAndCodesOfIcmp) {
  EXPECT_EQ(icmp4(8, 0), "");
  EXPECT_EQ(icmp4(8, 1), "icmpv4.unknown_code");
  EXPECT_EQ(icmp4(9, 16), "");
  EXPECT_EQ(icmp4(13, 0), "");
  EXPECT_EQ(icmp4(15, 2), "icmpv4.unknown_code");
  EXPECT_EQ(icmp4(42, 0), "icmpv4.unknown_type");
  EXPECT_EQ(icmp4(3, 16, whole4), "icmpv4.unknown_code");
}

TEST(DecodeEvents, WhatAnIcmpErrorBringsBack) {
  EXPECT_EQ(icmp4(3, 3, whole4), "");
  EXPECT_EQ(icmp4(11, 0, Octets(19, 0x45)), "icmpv4.ipv4_trunc_pkt");
  EXPECT_EQ(icmp4(5, 1, whole6), "icmpv4.ipv4_unknown_ver");
  EXPECT_EQ(icmp6(1, 4, whole6), "");
  EXPECT_EQ(icmp6(3, 0, Octets(39, 0x60)), "icmpv6.ipv6_trunc_pkt");
  EXPECT_EQ(icmp6(2, 0, Octets(40, 0x45)), "icmpv6.ipv6_unknown_version");
}

TEST(DecodeEvents, TypesAndCodesOfIcmp6) {
  EXPECT_EQ(icmp6(128, 0), "");
  EXPECT_EQ(icmp6(135, 1), "icmpv6.unknown_code");
  EXPECT_EQ(icmp6(139, 3), "icmpv6.unknown_code");
  EXPECT_EQ(icmp6(143, 0), "");
  EXPECT_EQ(icmp6(131, 0, {}, 1), "");
  EXPECT_EQ(icmp6(131, 0, {}, 2), "icmpv6.mld_message_with_invalid_hl");
  EXPECT_EQ(icmp6(50, 0), "icmpv6.unassigned_type");
  EXPECT_EQ(icmp6(200, 0), "icmpv6.experimentation_type");
  EXPECT_EQ(icmp6(127, 0), "icmpv6.unknown_type");
}

TEST(DecodeEvents, NextHeadersNobodyReads) {
  EXPECT_EQ(events(framed(0x86DD, ipv6_packet(59, 64, {}))), "");
  EXPECT_EQ(events(framed(0x86DD, ipv6_packet(200, 64, {1, 2, 3, 4}))), "ipv6.unknown_next_header");
}

TEST(DecodeEvents, OptionsOfTcpAreSaidOnce) {
  const auto with = [](const Octets& options) {
    auto segment = Octets(20, 0);
    segment[1] = segment[3] = 80;
    segment[12] = static_cast<std::uint8_t>((20 + options.size()) / 4 << 4);
    return events(ipv4_frame(1, 2, 6, joined({segment, options})));
  };
  EXPECT_EQ(with({2, 4, 5, 180, 3, 3, 7, 1}), "");
  EXPECT_EQ(with({2, 4, 5, 180, 2, 4, 5, 180}), "tcp.opt_duplicate");
  EXPECT_EQ(with({254, 4, 1, 1, 254, 4, 1, 1}), "");
}

TEST(DecodeEvents, OfNetworkServiceHeaders) {
  const auto nsh = [](std::uint8_t words, std::uint8_t metadata, std::uint8_t next = 1) {
    return events(framed(0x894F, joined({{0, words, metadata, next, 0, 0, 0, 0}, Octets(16, 0), whole4})));
  };
  EXPECT_EQ(nsh(6, 1), "");
  EXPECT_EQ(nsh(2, 1), "nsh.bad_header_length");
  EXPECT_EQ(nsh(63, 2), "nsh.bad_header_length");
  EXPECT_EQ(nsh(6, 0), "nsh.reserved_type");
  EXPECT_EQ(nsh(6, 3), "nsh.unsupported_type");
  EXPECT_EQ(nsh(6, 2, 9), "nsh.unknown_payload");
}

TEST(DecodeEvents, OfPointToPoint) {
  const auto session = [](std::uint16_t protocol, const Octets& body) {
    const auto length = static_cast<std::uint8_t>(body.size() + 2);
    return events(
        framed(0x8864, joined({{0x11, 0, 0, 1, 0, length},
                               {static_cast<std::uint8_t>(protocol >> 8), static_cast<std::uint8_t>(protocol)},
                               body})));
  };
  EXPECT_EQ(session(0x0021, whole4), "");
  EXPECT_EQ(session(0x002F, whole4), "");
  EXPECT_EQ(session(0x0021, Octets(19, 0x45)), "ppp.ip4_pkt_too_small");
  EXPECT_EQ(session(0x002F, Octets(19, 0x45)), "ppp.vju_pkt_too_small");
  EXPECT_EQ(session(0x0057, Octets(39, 0x60)), "ppp.ip6_pkt_too_small");
  EXPECT_EQ(session(0xC021, {1, 1}), "ppp.unsup_proto");
  EXPECT_EQ(session(0x1234, {1, 1}), "ppp.wrong_type");
}

TEST(DecodeEvents, OfSessionsThatBegin) {
  const auto discovery = [](std::uint8_t code, const Octets& tags) {
    const auto length = static_cast<std::uint8_t>(tags.size());
    return events(framed(0x8863, joined({{0x11, code, 0, 0, 0, length}, tags})));
  };
  EXPECT_EQ(discovery(0x09, {1, 1, 0, 0}), "");
  EXPECT_EQ(discovery(0x0A, {1, 1, 0, 0}), "pppoe.wrong_code");
  EXPECT_EQ(discovery(0x09, {1, 1, 0, 9}), "pppoe.malformed_tags");
}

TEST(DecodeEvents, OfLabelsAndVxlan) {
  EXPECT_EQ(events(framed(0x8847, joined({{0, 1, 1, 64}, whole4}))), "");
  EXPECT_EQ(events(framed(0x8847, {0, 1, 1, 64, 0x45})), "mpls.pkt_too_small");
  const auto vxlan = [](std::uint16_t type) {
    return events(udp_frame({1, 9}, {2, 4789}, as_text(joined({{8, 0, 0, 0, 0, 0, 1, 0}, framed(type, whole4)}))));
  };
  EXPECT_EQ(vxlan(0x0800), "");
  EXPECT_EQ(vxlan(0x1234), "vxlan.unknown_payload_type");
}

}  // namespace
}  // namespace tocsin::collectors::testing
