#include "collectors/packet/protocol/table.h"

#include <algorithm>
#include <array>

#include "collectors/packet/protocol/bittorrent/parser.h"
#include "collectors/packet/protocol/dcerpc/buffers.h"
#include "collectors/packet/protocol/dcerpc/parser.h"
#include "collectors/packet/protocol/dhcp/buffers.h"
#include "collectors/packet/protocol/dhcp/parser.h"
#include "collectors/packet/protocol/dnp3/buffers.h"
#include "collectors/packet/protocol/dnp3/parser.h"
#include "collectors/packet/protocol/dns/buffers.h"
#include "collectors/packet/protocol/dns/parser.h"
#include "collectors/packet/protocol/enip/buffers.h"
#include "collectors/packet/protocol/enip/parser.h"
#include "collectors/packet/protocol/ftp/buffers.h"
#include "collectors/packet/protocol/ftp/parser.h"
#include "collectors/packet/protocol/http/buffers.h"
#include "collectors/packet/protocol/http/parser.h"
#include "collectors/packet/protocol/http2/buffers.h"
#include "collectors/packet/protocol/http2/parser.h"
#include "collectors/packet/protocol/ike/buffers.h"
#include "collectors/packet/protocol/ike/parser.h"
#include "collectors/packet/protocol/imap/parser.h"
#include "collectors/packet/protocol/krb5/buffers.h"
#include "collectors/packet/protocol/krb5/parser.h"
#include "collectors/packet/protocol/ldap/buffers.h"
#include "collectors/packet/protocol/ldap/parser.h"
#include "collectors/packet/protocol/mdns/buffers.h"
#include "collectors/packet/protocol/mdns/parser.h"
#include "collectors/packet/protocol/modbus/buffers.h"
#include "collectors/packet/protocol/modbus/parser.h"
#include "collectors/packet/protocol/mqtt/buffers.h"
#include "collectors/packet/protocol/mqtt/parser.h"
#include "collectors/packet/protocol/nfs/buffers.h"
#include "collectors/packet/protocol/nfs/parser.h"
#include "collectors/packet/protocol/ntp/parser.h"
#include "collectors/packet/protocol/pgsql/buffers.h"
#include "collectors/packet/protocol/pgsql/parser.h"
#include "collectors/packet/protocol/pop3/buffers.h"
#include "collectors/packet/protocol/pop3/parser.h"
#include "collectors/packet/protocol/quic/buffers.h"
#include "collectors/packet/protocol/quic/parser.h"
#include "collectors/packet/protocol/rdp/parser.h"
#include "collectors/packet/protocol/rfb/buffers.h"
#include "collectors/packet/protocol/rfb/parser.h"
#include "collectors/packet/protocol/sip/buffers.h"
#include "collectors/packet/protocol/sip/parser.h"
#include "collectors/packet/protocol/smb/buffers.h"
#include "collectors/packet/protocol/smb/parser.h"
#include "collectors/packet/protocol/smtp/buffers.h"
#include "collectors/packet/protocol/smtp/parser.h"
#include "collectors/packet/protocol/snmp/buffers.h"
#include "collectors/packet/protocol/snmp/parser.h"
#include "collectors/packet/protocol/ssh/buffers.h"
#include "collectors/packet/protocol/ssh/parser.h"
#include "collectors/packet/protocol/telnet/parser.h"
#include "collectors/packet/protocol/tftp/parser.h"
#include "collectors/packet/protocol/tls/buffers.h"
#include "collectors/packet/protocol/tls/parser.h"
#include "collectors/packet/protocol/websocket/buffers.h"
#include "collectors/packet/protocol/websocket/parser.h"

namespace tocsin::collectors {

namespace {

constexpr auto table = std::to_array<ProtocolRow>({
    {Protocol::http, true, false, http_ports, probe_http, http_buffers,
     [](const PacketOptions& options) { return options.http.enabled; }, make_http_factory},
    {Protocol::tls, true, false, tls_ports, probe_tls, tls_buffers,
     [](const PacketOptions& options) { return options.tls.enabled; }, make_tls_factory},
    {Protocol::dns, true, true, dns_ports, probe_dns, dns_buffers,
     [](const PacketOptions& options) { return options.dns.enabled; }, make_dns_factory},
    {Protocol::ssh, true, false, ssh_ports, probe_ssh, ssh_buffers,
     [](const PacketOptions& options) { return options.ssh.enabled; }, make_ssh_factory},
    {Protocol::smtp, true, false, smtp_ports, probe_smtp, smtp_buffers,
     [](const PacketOptions& options) { return options.smtp.enabled; }, make_smtp_factory},
    {Protocol::ftp, true, false, ftp_ports, probe_ftp, ftp_buffers,
     [](const PacketOptions& options) { return options.ftp.enabled; }, make_ftp_factory},
    {Protocol::ftp_data,
     true,
     false,
     {},
     probe_ftp_data,
     ftp_data_buffers,
     [](const PacketOptions& options) { return options.ftp.enabled; },
     make_ftp_data_factory},
    {Protocol::pop3, true, false, pop3_ports, probe_pop3, pop3_buffers,
     [](const PacketOptions& options) { return options.pop3.enabled; }, make_pop3_factory},
    {Protocol::imap,
     true,
     false,
     imap_ports,
     probe_imap,
     {},
     [](const PacketOptions& options) { return options.imap.enabled; },
     make_imap_factory},
    {Protocol::telnet,
     true,
     false,
     telnet_ports,
     probe_telnet,
     {},
     [](const PacketOptions& options) { return options.telnet.enabled; },
     make_telnet_factory},
    {Protocol::tftp,
     false,
     true,
     tftp_ports,
     probe_tftp,
     {},
     [](const PacketOptions& options) { return options.tftp.enabled; },
     make_tftp_factory},
    {Protocol::ntp,
     false,
     true,
     ntp_ports,
     probe_ntp,
     {},
     [](const PacketOptions& options) { return options.ntp.enabled; },
     make_ntp_factory},
    {Protocol::smb, true, false, smb_ports, probe_smb, smb_buffers,
     [](const PacketOptions& options) { return options.smb.enabled; }, make_smb_factory},
    {Protocol::dcerpc, true, true, dcerpc_ports, probe_dcerpc, dcerpc_buffers,
     [](const PacketOptions& options) { return options.dcerpc.enabled; }, make_dcerpc_factory},
    {Protocol::mqtt, true, false, mqtt_ports, probe_mqtt, mqtt_buffers,
     [](const PacketOptions& options) { return options.mqtt.enabled; }, make_mqtt_factory},
    {Protocol::sip, true, true, sip_ports, probe_sip, sip_buffers,
     [](const PacketOptions& options) { return options.sip.enabled; }, make_sip_factory},
    {Protocol::snmp, false, true, snmp_ports, probe_snmp, snmp_buffers,
     [](const PacketOptions& options) { return options.snmp.enabled; }, make_snmp_factory},
    {Protocol::ldap, true, true, ldap_ports, probe_ldap, ldap_buffers,
     [](const PacketOptions& options) { return options.ldap.enabled; }, make_ldap_factory},
    {Protocol::krb5, true, true, krb5_ports, probe_krb5, krb5_buffers,
     [](const PacketOptions& options) { return options.krb5.enabled; }, make_krb5_factory},
    {Protocol::rdp,
     true,
     false,
     rdp_ports,
     probe_rdp,
     {},
     [](const PacketOptions& options) { return options.rdp.enabled; },
     make_rdp_factory},
    {Protocol::rfb, true, false, rfb_ports, probe_rfb, rfb_buffers,
     [](const PacketOptions& options) { return options.rfb.enabled; }, make_rfb_factory},
    {Protocol::nfs, true, true, nfs_ports, probe_nfs, nfs_buffers,
     [](const PacketOptions& options) { return options.nfs.enabled; }, make_nfs_factory},
    {Protocol::ike, false, true, ike_ports, probe_ike, ike_buffers,
     [](const PacketOptions& options) { return options.ike.enabled; }, make_ike_factory},
    {Protocol::dhcp, false, true, dhcp_ports, probe_dhcp, dhcp_buffers,
     [](const PacketOptions& options) { return options.dhcp.enabled; }, make_dhcp_factory},
    {Protocol::pgsql, true, false, pgsql_ports, probe_pgsql, pgsql_buffers,
     [](const PacketOptions& options) { return options.pgsql.enabled; }, make_pgsql_factory},
    {Protocol::dnp3, true, false, dnp3_ports, probe_dnp3, dnp3_buffers,
     [](const PacketOptions& options) { return options.dnp3.enabled; }, make_dnp3_factory},
    {Protocol::quic, false, true, quic_ports, probe_quic, quic_buffers,
     [](const PacketOptions& options) { return options.quic.enabled; }, make_quic_factory},
    {Protocol::http2,
     true,
     false,
     {},
     probe_http2,
     http2_buffers,
     [](const PacketOptions& options) { return options.http2.enabled; },
     make_http2_factory},
    {Protocol::websocket,
     true,
     false,
     {},
     probe_websocket,
     websocket_buffers,
     [](const PacketOptions& options) { return options.websocket.enabled; },
     make_websocket_factory},
    {Protocol::mdns, false, true, mdns_ports, probe_mdns, mdns_buffers,
     [](const PacketOptions& options) { return options.mdns.enabled; }, make_mdns_factory},
    {Protocol::modbus, true, false, modbus_ports, probe_modbus, modbus_buffers,
     [](const PacketOptions& options) { return options.modbus.enabled; }, make_modbus_factory},
    {Protocol::enip, true, true, enip_ports, probe_enip, enip_buffers,
     [](const PacketOptions& options) { return options.enip.enabled; }, make_enip_factory},
    {Protocol::bittorrent,
     false,
     true,
     {},
     probe_bittorrent,
     {},
     [](const PacketOptions&) { return true; },
     make_bittorrent_factory},
    // A connection of HTTP/2 that asks for names.
    {Protocol::doh2,
     true,
     false,
     {},
     probe_doh2,
     doh2_buffers,
     [](const PacketOptions& options) { return options.http2.enabled; },
     make_http2_factory},
});

constexpr auto buffers = std::to_array<std::span<const BufferRow>>(
    {http_buffers, tls_buffers,   dns_buffers,    ssh_buffers,       smtp_buffers, ftp_buffers,    ftp_data_buffers,
     pop3_buffers, smb_buffers,   dcerpc_buffers, mqtt_buffers,      sip_buffers,  snmp_buffers,   ldap_buffers,
     krb5_buffers, rfb_buffers,   dhcp_buffers,   ike_buffers,       nfs_buffers,  pgsql_buffers,  dnp3_buffers,
     quic_buffers, http2_buffers, doh2_buffers,   websocket_buffers, mdns_buffers, modbus_buffers, enip_buffers});

}  // namespace

std::span<const ProtocolRow> protocol_table() noexcept { return table; }

const ProtocolRow* protocol_row(Protocol protocol) noexcept {
  const auto found = std::ranges::find(table, protocol, &ProtocolRow::protocol);
  return found == table.end() ? nullptr : &*found;
}

std::optional<Protocol> find_protocol(std::string_view name) noexcept {
  if (name == "ikev2") return Protocol::ike;  // as it was called before version 1 was read too
  for (auto number = static_cast<std::uint8_t>(Protocol::unknown); number <= static_cast<std::uint8_t>(Protocol::ntp);
       ++number)
    if (protocol_name(static_cast<Protocol>(number)) == name) return static_cast<Protocol>(number);
  return std::nullopt;
}

std::span<const std::span<const BufferRow>> buffer_tables() noexcept { return buffers; }

const BufferRow* find_buffer(std::string_view name) noexcept {
  for (const auto rows : buffers)
    for (const auto& row : rows)
      if (row.name == name) return &row;
  return nullptr;
}

const BufferRow* buffer_row(Buffer buffer) noexcept {
  for (const auto rows : buffers)
    for (const auto& row : rows)
      if (row.buffer == buffer) return &row;
  return nullptr;
}

}  // namespace tocsin::collectors
