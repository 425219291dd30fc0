#pragma once
// What one packet worker did, by cause. Written on the worker's thread only; the owner reads between calls, or keeps a
// copy made on that thread. received = decoded + undecodable holds always.

#include <array>
#include <cstdint>

namespace tocsin::collectors {

struct PacketCounters {
  std::uint64_t received = 0;        // frames given to process()
  std::uint64_t received_bytes = 0;  // their length on the wire
  std::uint64_t decoded = 0;         // frames whose network header was understood
  std::uint64_t undecodable = 0;     // frames that were not: unknown link or network type, cut short, malformed
  std::uint64_t inner = 0;           // packets found inside tunnels
  std::uint64_t truncated = 0;       // frames cut by the capture length
  std::uint64_t tunnels_too_deep = 0;
  std::uint64_t ipv4 = 0;
  std::uint64_t ipv6 = 0;
  std::uint64_t arp = 0;
  std::uint64_t tcp = 0;
  std::uint64_t udp = 0;
  std::uint64_t icmp = 0;
  std::uint64_t sctp = 0;
  std::uint64_t checksum_bad = 0;
  // Link layers, each frame or header once.
  std::uint64_t ethernet = 0;
  std::uint64_t raw = 0;
  std::uint64_t null = 0;
  std::uint64_t sll = 0;
  std::uint64_t sll2 = 0;
  std::uint64_t ppp = 0;
  std::uint64_t pppoe = 0;
  std::uint64_t chdlc = 0;
  std::uint64_t vlan = 0;
  std::uint64_t vlan_qinq = 0;
  std::uint64_t vntag = 0;
  std::uint64_t ieee8021ah = 0;
  std::uint64_t mpls = 0;
  std::uint64_t nsh = 0;
  std::uint64_t gre = 0;
  std::uint64_t erspan = 0;
  std::uint64_t geneve = 0;
  std::uint64_t vxlan = 0;
  std::uint64_t teredo = 0;
  std::uint64_t ether_type_unknown = 0;

  std::uint64_t fragments = 0;
  std::uint64_t fragments_reassembled = 0;  // datagrams made whole
  std::uint64_t fragments_timed_out = 0;    // datagrams given up
  std::uint64_t fragments_refused = 0;      // fragments not kept: cap reached or invalid
  std::uint64_t fragment_memory = 0;        // now

  std::uint64_t flows = 0;         // begun
  std::uint64_t flows_active = 0;  // now
  std::uint64_t flows_ended = 0;
  std::uint64_t flows_evicted = 0;  // ended early because of the memory cap
  std::uint64_t flow_memory = 0;    // now

  std::uint64_t tcp_flows_judged = 0;     // TCP flows with enough packets to tell whether both directions are seen
  std::uint64_t tcp_flows_one_sided = 0;  // of them, with packets of one direction only

  std::uint64_t sessions = 0;            // TCP sessions begun
  std::uint64_t session_midstream = 0;   // of them without a handshake
  std::uint64_t packets_no_session = 0;  // TCP packets that belong to none
  std::uint64_t packets_out_of_window = 0;
  std::uint64_t stream_bytes = 0;  // delivered in order
  std::uint64_t stream_gaps = 0;
  std::uint64_t stream_gap_bytes = 0;
  std::uint64_t stream_overlaps = 0;
  std::uint64_t stream_depth_reached = 0;     // directions
  std::uint64_t stream_memory_refused = 0;    // segments not kept: memory cap
  std::uint64_t stream_segments_refused = 0;  // segments not kept: too many of one direction
  std::uint64_t stream_memory = 0;            // now

  std::uint64_t inspected_bytes = 0;   // given to protocol parsers
  std::uint64_t protocol_unknown = 0;  // flows given up
  std::uint64_t transactions = 0;
  std::uint64_t parser_failed = 0;
  std::array<std::uint64_t, 64> parser_failed_tcp{};  // by protocol
  std::array<std::uint64_t, 64> parser_failed_udp{};
  std::uint64_t records = 0;
};

}  // namespace tocsin::collectors
