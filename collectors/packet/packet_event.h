#pragma once
// Names of what can be wrong with a packet, a stream or a transaction: the words that signatures use after
// `decode-event`, `stream-event` and `app-layer-event`. Spelling follows Suricata's decoder, stream and app-layer
// rules.

#include <array>
#include <optional>
#include <string_view>

#include "collectors/packet/packet.h"

namespace tocsin::collectors {

enum class PacketEvent : std::uint16_t {
  ethernet_too_small,
  sll_too_small,
  sll2_too_small,
  null_too_small,
  null_unsupported,
  raw_invalid_version,
  chdlc_too_small,
  nsh_too_small,
  nsh_unknown_payload,
  link_unknown,
  vlan_too_small,
  vlan_unknown_type,
  vlan_too_many_layers,
  pppoe_too_small,
  pppoe_malformed,
  ppp_too_small,
  ppp_unsupported,
  mpls_too_small,
  mpls_unknown_payload,
  gre_too_small,
  gre_wrong_version,
  gre_version1_unsupported,
  erspan_too_small,
  erspan_unsupported,
  vxlan_unknown_payload,
  geneve_unknown_payload,
  too_many_layers,
  arp_too_small,
  arp_invalid,
  ipv4_too_small,
  ipv4_header_too_small,
  ipv4_length_below_header,
  ipv4_truncated,
  ipv4_wrong_version,
  ipv4_option_malformed,
  ipv4_fragment_too_large,
  ipv4_fragment_overlap,
  ipv4_fragment_ignored,
  ipv4_checksum,
  ipv6_too_small,
  ipv6_truncated,
  ipv6_wrong_version,
  ipv6_extension_truncated,
  ipv6_extension_duplicate_fragment,
  ipv6_extension_useless_fragment,
  ipv6_routing_type0,
  ipv6_extension_too_many,
  ipv6_fragment_too_large,
  ipv6_fragment_overlap,
  ipv6_fragment_ignored,
  ipv6_fragment_invalid_length,
  icmp4_too_small,
  icmp6_too_small,
  tcp_too_small,
  tcp_header_too_small,
  tcp_option_invalid_length,
  tcp_option_duplicate,
  tcp_checksum,
  udp_too_small,
  udp_header_too_small,
  udp_length_invalid,
  udp_checksum,
  sctp_too_small,
  stream_syn_retransmitted,
  stream_synack_wrong_acknowledgement,
  stream_synack_in_wrong_direction,
  stream_handshake_wrong_sequence,
  stream_out_of_window,
  stream_invalid_acknowledgement,
  stream_retransmission,
  stream_overlap,
  stream_overlap_different_data,
  stream_gap,
  stream_segment_before_base,
  stream_depth_reached,
  stream_reset_invalid,
  stream_reset_with_signature,
  stream_fin_invalid,
  stream_reassembly_memory,
  app_detect_one_direction_only,
  app_wrong_direction_first_data,
  app_mismatch_both_directions,
  http_request_line_invalid,
  http_request_header_invalid,
  http_request_field_missing_host,
  http_request_host_ambiguous,
  http_request_host_invalid,
  http_request_too_many_headers,
  http_response_line_invalid,
  http_response_header_invalid,
  http_invalid_transfer_encoding,
  http_invalid_content_length,
  http_request_smuggling,
  http_decompression_failed,
  http_parser_error,
  dns_malformed,
  dns_not_request,
  dns_not_response,
  dns_z_flag_set,
  dns_invalid_opcode,
  dns_name_too_long,
  dns_infinite_loop,
  dns_too_many_labels,
  tls_invalid_record_type,
  tls_invalid_record_version,
  tls_invalid_record_length,
  tls_invalid_handshake_message,
  tls_invalid_certificate,
  tls_too_many_records,
  tls_too_many_certificates,
  count_,
};
static_assert(static_cast<std::size_t>(PacketEvent::count_) <= packet_events_most);

inline void mark(Packet& packet, PacketEvent event) noexcept { packet.events.set(static_cast<std::size_t>(event)); }

struct PacketEventRow {
  PacketEvent event;
  std::string_view name;  // "decoder.ipv4.pkt_too_small", "stream.pkt_retransmission", "http.request_line_invalid"
};
// Indexed by the event's number.
const std::array<PacketEventRow, static_cast<std::size_t>(PacketEvent::count_)>& packet_event_table() noexcept;
std::string_view packet_event_name(PacketEvent event) noexcept;
std::optional<PacketEvent> find_packet_event(std::string_view name) noexcept;

}  // namespace tocsin::collectors
