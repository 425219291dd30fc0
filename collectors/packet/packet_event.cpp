#include "collectors/packet/packet_event.h"

namespace tocsin::collectors {

namespace {

using Table = std::array<PacketEventRow, static_cast<std::size_t>(PacketEvent::count_)>;

constexpr Table table{{
    {PacketEvent::ethernet_too_small, "decoder.ethernet.pkt_too_small"},
    {PacketEvent::sll_too_small, "decoder.sll.pkt_too_small"},
    {PacketEvent::sll2_too_small, "decoder.sll2.pkt_too_small"},
    {PacketEvent::null_too_small, "decoder.null.pkt_too_small"},
    {PacketEvent::null_unsupported, "decoder.null.unsupported_type"},
    {PacketEvent::raw_invalid_version, "decoder.ipraw.invalid_ip_version"},
    {PacketEvent::chdlc_too_small, "decoder.chdlc.pkt_too_small"},
    {PacketEvent::nsh_too_small, "decoder.nsh.header_too_small"},
    {PacketEvent::nsh_unknown_payload, "decoder.nsh.unknown_payload"},
    {PacketEvent::link_unknown, "decoder.link.unknown_type"},
    {PacketEvent::vlan_too_small, "decoder.vlan.header_too_small"},
    {PacketEvent::vlan_unknown_type, "decoder.vlan.unknown_type"},
    {PacketEvent::vlan_too_many_layers, "decoder.vlan.too_many_layers"},
    {PacketEvent::pppoe_too_small, "decoder.pppoe.pkt_too_small"},
    {PacketEvent::pppoe_malformed, "decoder.pppoe.malformed_tags"},
    {PacketEvent::ppp_too_small, "decoder.ppp.pkt_too_small"},
    {PacketEvent::ppp_unsupported, "decoder.ppp.unsup_proto"},
    {PacketEvent::mpls_too_small, "decoder.mpls.header_too_small"},
    {PacketEvent::mpls_unknown_payload, "decoder.mpls.unknown_payload_type"},
    {PacketEvent::gre_too_small, "decoder.gre.pkt_too_small"},
    {PacketEvent::gre_wrong_version, "decoder.gre.wrong_version"},
    {PacketEvent::gre_version1_unsupported, "decoder.gre.version1_wrong_protocol"},
    {PacketEvent::erspan_too_small, "decoder.erspan.header_too_small"},
    {PacketEvent::erspan_unsupported, "decoder.erspan.unsupported_version"},
    {PacketEvent::vxlan_unknown_payload, "decoder.vxlan.unknown_payload_type"},
    {PacketEvent::geneve_unknown_payload, "decoder.geneve.unknown_payload_type"},
    {PacketEvent::too_many_layers, "decoder.too_many_layers"},
    {PacketEvent::arp_too_small, "decoder.arp.pkt_too_small"},
    {PacketEvent::arp_invalid, "decoder.arp.invalid_pkt"},
    {PacketEvent::ipv4_too_small, "decoder.ipv4.pkt_too_small"},
    {PacketEvent::ipv4_header_too_small, "decoder.ipv4.hlen_too_small"},
    {PacketEvent::ipv4_length_below_header, "decoder.ipv4.iplen_smaller_than_hlen"},
    {PacketEvent::ipv4_truncated, "decoder.ipv4.trunc_pkt"},
    {PacketEvent::ipv4_wrong_version, "decoder.ipv4.wrong_ip_version"},
    {PacketEvent::ipv4_option_malformed, "decoder.ipv4.opt_malformed"},
    {PacketEvent::ipv4_fragment_too_large, "decoder.ipv4.frag_pkt_too_large"},
    {PacketEvent::ipv4_fragment_overlap, "decoder.ipv4.frag_overlap"},
    {PacketEvent::ipv4_fragment_ignored, "decoder.ipv4.frag_ignored"},
    {PacketEvent::ipv4_checksum, "decoder.ipv4.csum_invalid"},
    {PacketEvent::ipv6_too_small, "decoder.ipv6.pkt_too_small"},
    {PacketEvent::ipv6_truncated, "decoder.ipv6.trunc_pkt"},
    {PacketEvent::ipv6_wrong_version, "decoder.ipv6.wrong_ip_version"},
    {PacketEvent::ipv6_extension_truncated, "decoder.ipv6.trunc_exthdr"},
    {PacketEvent::ipv6_extension_duplicate_fragment, "decoder.ipv6.exthdr_dupl_fh"},
    {PacketEvent::ipv6_extension_useless_fragment, "decoder.ipv6.exthdr_useless_fh"},
    {PacketEvent::ipv6_routing_type0, "decoder.ipv6.rh_type_0"},
    {PacketEvent::ipv6_extension_too_many, "decoder.ipv6.exthdr_too_many"},
    {PacketEvent::ipv6_fragment_too_large, "decoder.ipv6.frag_pkt_too_large"},
    {PacketEvent::ipv6_fragment_overlap, "decoder.ipv6.frag_overlap"},
    {PacketEvent::ipv6_fragment_ignored, "decoder.ipv6.frag_ignored"},
    {PacketEvent::ipv6_fragment_invalid_length, "decoder.ipv6.frag_invalid_length"},
    {PacketEvent::icmp4_too_small, "decoder.icmpv4.pkt_too_small"},
    {PacketEvent::icmp6_too_small, "decoder.icmpv6.pkt_too_small"},
    {PacketEvent::tcp_too_small, "decoder.tcp.pkt_too_small"},
    {PacketEvent::tcp_header_too_small, "decoder.tcp.hlen_too_small"},
    {PacketEvent::tcp_option_invalid_length, "decoder.tcp.opt_invalid_len"},
    {PacketEvent::tcp_option_duplicate, "decoder.tcp.opt_duplicate"},
    {PacketEvent::tcp_checksum, "decoder.tcp.csum_invalid"},
    {PacketEvent::udp_too_small, "decoder.udp.pkt_too_small"},
    {PacketEvent::udp_header_too_small, "decoder.udp.hlen_too_small"},
    {PacketEvent::udp_length_invalid, "decoder.udp.hlen_invalid"},
    {PacketEvent::udp_checksum, "decoder.udp.csum_invalid"},
    {PacketEvent::sctp_too_small, "decoder.sctp.pkt_too_small"},
    {PacketEvent::stream_syn_retransmitted, "stream.3whs_syn_resend_diff_seq_on_syn_recv"},
    {PacketEvent::stream_synack_wrong_acknowledgement, "stream.3whs_synack_with_wrong_ack"},
    {PacketEvent::stream_synack_in_wrong_direction, "stream.3whs_synack_in_wrong_direction"},
    {PacketEvent::stream_handshake_wrong_sequence, "stream.3whs_wrong_seq_wrong_ack"},
    {PacketEvent::stream_out_of_window, "stream.est_packet_out_of_window"},
    {PacketEvent::stream_invalid_acknowledgement, "stream.est_invalid_ack"},
    {PacketEvent::stream_retransmission, "stream.pkt_retransmission"},
    {PacketEvent::stream_overlap, "stream.reassembly_overlap"},
    {PacketEvent::stream_overlap_different_data, "stream.reassembly_overlap_different_data"},
    {PacketEvent::stream_gap, "stream.reassembly_seq_gap"},
    {PacketEvent::stream_segment_before_base, "stream.reassembly_segment_before_base_seq"},
    {PacketEvent::stream_depth_reached, "stream.reassembly_depth_reached"},
    {PacketEvent::stream_reset_invalid, "stream.rst_invalid_ack"},
    {PacketEvent::stream_reset_with_signature, "stream.rst_with_md5"},
    {PacketEvent::stream_fin_invalid, "stream.fin_invalid_ack"},
    {PacketEvent::stream_reassembly_memory, "stream.reassembly_no_segment"},
    {PacketEvent::app_detect_one_direction_only, "applayer_detect_protocol_only_one_direction"},
    {PacketEvent::app_wrong_direction_first_data, "applayer_wrong_direction_first_data"},
    {PacketEvent::app_mismatch_both_directions, "applayer_mismatch_protocol_both_directions"},
    {PacketEvent::http_request_line_invalid, "http.request_line_invalid"},
    {PacketEvent::http_request_header_invalid, "http.request_header_invalid"},
    {PacketEvent::http_request_field_missing_host, "http.missing_host_header"},
    {PacketEvent::http_request_host_ambiguous, "http.host_header_ambiguous"},
    {PacketEvent::http_request_host_invalid, "http.request_header_host_invalid"},
    {PacketEvent::http_request_too_many_headers, "http.request_too_many_headers"},
    {PacketEvent::http_response_line_invalid, "http.invalid_response_line"},
    {PacketEvent::http_response_header_invalid, "http.response_header_invalid"},
    {PacketEvent::http_invalid_transfer_encoding, "http.invalid_transfer_encoding_value_in_request"},
    {PacketEvent::http_invalid_content_length, "http.invalid_content_length_field_in_request"},
    {PacketEvent::http_request_smuggling, "http.request_smuggling"},
    {PacketEvent::http_decompression_failed, "http.gzip_decompression_failed"},
    {PacketEvent::http_parser_error, "http.unknown_error"},
    {PacketEvent::dns_malformed, "dns.malformed_data"},
    {PacketEvent::dns_not_request, "dns.not_request"},
    {PacketEvent::dns_not_response, "dns.not_response"},
    {PacketEvent::dns_z_flag_set, "dns.z_flag_set"},
    {PacketEvent::dns_invalid_opcode, "dns.invalid_opcode"},
    {PacketEvent::dns_name_too_long, "dns.name_too_long"},
    {PacketEvent::dns_infinite_loop, "dns.infinite_loop"},
    {PacketEvent::dns_too_many_labels, "dns.too_many_labels"},
    {PacketEvent::tls_invalid_record_type, "tls.invalid_record_type"},
    {PacketEvent::tls_invalid_record_version, "tls.invalid_record_version"},
    {PacketEvent::tls_invalid_record_length, "tls.invalid_record_length"},
    {PacketEvent::tls_invalid_handshake_message, "tls.invalid_handshake_message"},
    {PacketEvent::tls_invalid_certificate, "tls.invalid_certificate"},
    {PacketEvent::tls_too_many_records, "tls.too_many_records_in_packet"},
    {PacketEvent::tls_too_many_certificates, "tls.too_many_certificates"},
}};

consteval bool in_order() {
  for (std::size_t i = 0; i < table.size(); ++i)
    if (static_cast<std::size_t>(table[i].event) != i || table[i].name.empty()) return false;
  return true;
}
static_assert(in_order(), "one row per event, in the order of the enumeration");

}  // namespace

const Table& packet_event_table() noexcept { return table; }

std::string_view packet_event_name(PacketEvent event) noexcept {
  const auto number = static_cast<std::size_t>(event);
  return number < table.size() ? table[number].name : std::string_view{};
}

std::optional<PacketEvent> find_packet_event(std::string_view name) noexcept {
  for (const auto& row : table)
    if (row.name == name) return row.event;
  return std::nullopt;
}

}  // namespace tocsin::collectors
