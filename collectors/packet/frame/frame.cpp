#include "collectors/packet/frame/frame.h"

#include <algorithm>
#include <array>

namespace tocsin::collectors {

namespace {

using enum FrameKind;

constexpr auto rows = std::to_array<FrameRow>({
    {dcerpc_pdu, Protocol::dcerpc, "pdu"},
    {dcerpc_header, Protocol::dcerpc, "hdr"},
    {dcerpc_data, Protocol::dcerpc, "data"},
    {dns_pdu, Protocol::dns, "pdu"},
    {enip_pdu, Protocol::enip, "pdu"},
    {enip_header, Protocol::enip, "hdr"},
    {enip_data, Protocol::enip, "data"},
    {http_request, Protocol::http, "request"},
    {http_response, Protocol::http, "response"},
    {http2_pdu, Protocol::http2, "pdu"},
    {http2_header, Protocol::http2, "hdr"},
    {http2_data, Protocol::http2, "data"},
    {ldap_pdu, Protocol::ldap, "pdu"},
    {modbus_pdu, Protocol::modbus, "pdu"},
    {mqtt_pdu, Protocol::mqtt, "pdu"},
    {mqtt_header, Protocol::mqtt, "header"},
    {mqtt_data, Protocol::mqtt, "data"},
    {rfb_pdu, Protocol::rfb, "pdu"},
    {sip_pdu, Protocol::sip, "pdu"},
    {sip_request_line, Protocol::sip, "request.line"},
    {sip_request_headers, Protocol::sip, "request.headers"},
    {sip_request_body, Protocol::sip, "request.body"},
    {sip_response_line, Protocol::sip, "response.line"},
    {sip_response_headers, Protocol::sip, "response.headers"},
    {sip_response_body, Protocol::sip, "response.body"},
    {smb_nbss_pdu, Protocol::smb, "nbss.pdu"},
    {smb_nbss_header, Protocol::smb, "nbss.hdr"},
    {smb_nbss_data, Protocol::smb, "nbss.data"},
    {smb1_pdu, Protocol::smb, "smb1.pdu"},
    {smb1_header, Protocol::smb, "smb1.hdr"},
    {smb1_data, Protocol::smb, "smb1.data"},
    {smb2_pdu, Protocol::smb, "smb2.pdu"},
    {smb2_header, Protocol::smb, "smb2.hdr"},
    {smb2_data, Protocol::smb, "smb2.data"},
    {smb3_pdu, Protocol::smb, "smb3.pdu"},
    {smb3_header, Protocol::smb, "smb3.hdr"},
    {smb3_data, Protocol::smb, "smb3.data"},
    {smtp_command_line, Protocol::smtp, "command_line"},
    {smtp_data, Protocol::smtp, "data"},
    {smtp_response_line, Protocol::smtp, "response_line"},
    {ssh_record_pdu, Protocol::ssh, "record.pdu"},
    {ssh_record_header, Protocol::ssh, "record.hdr"},
    {ssh_record_data, Protocol::ssh, "record.data"},
    {telnet_pdu, Protocol::telnet, "pdu"},
    {telnet_control, Protocol::telnet, "ctl"},
    {telnet_data, Protocol::telnet, "data"},
    {tls_pdu, Protocol::tls, "pdu"},
    {tls_header, Protocol::tls, "hdr"},
    {tls_data, Protocol::tls, "data"},
});
static_assert(rows.size() + 1 == static_cast<std::size_t>(FrameKind::count_));
static_assert([] {
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (static_cast<std::size_t>(rows[i].kind) != i + 1) return false;
  return true;
}());

}  // namespace

const FrameRow& frame_row(FrameKind kind) noexcept {
  const auto number = static_cast<std::size_t>(kind);
  return rows[number == 0 || number > rows.size() ? 0 : number - 1];
}

FrameKind find_frame(std::string_view name, Protocol protocol) noexcept {
  const auto find = [](std::string_view own, Protocol of) {
    const auto* found =
        std::ranges::find_if(rows, [&](const FrameRow& r) { return r.protocol == of && r.name == own; });
    return found == rows.end() ? FrameKind::none : found->kind;
  };
  if (const auto kind = find(name, protocol); kind != FrameKind::none) return kind;
  const auto dot = name.find('.');
  if (dot == std::string_view::npos) return FrameKind::none;
  const auto prefix = name.substr(0, dot);
  for (const auto& row : rows) {
    const bool same = protocol_name(row.protocol) == prefix || (prefix == "http1" && row.protocol == Protocol::http);
    if (same && row.name == name.substr(dot + 1)) return row.kind;
  }
  return FrameKind::none;
}

}  // namespace tocsin::collectors
