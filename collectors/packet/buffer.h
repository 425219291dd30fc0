#pragma once
// Inspection buffers: named views of a transaction that signatures ("sticky buffers"), YARA and records read. One row
// per buffer in the table of its protocol's folder (protocol/<name>/buffers.h); ids are assigned here so that all
// floors agree.

#include <cstdint>
#include <string_view>

#include "collectors/packet/flow.h"

namespace tocsin::collectors {

enum class Buffer : std::uint16_t {
  none,
  // http (Suricata 8 names: http.uri …)
  http_uri,
  http_uri_raw,
  http_method,
  http_protocol,
  http_request_line,
  http_response_line,
  http_header,
  http_header_raw,
  http_header_names,
  http_cookie,
  http_user_agent,
  http_host,
  http_host_raw,
  http_referer,
  http_accept,
  http_accept_lang,
  http_accept_enc,
  http_connection,
  http_content_type,
  http_content_len,
  http_server,
  http_location,
  http_start,
  http_request_body,
  http_response_body,
  http_stat_code,
  http_stat_msg,
  http_request_header,
  http_response_header,
  // files of any protocol
  file_data,
  file_name,
  file_magic,
  // dns
  dns_query,
  dns_query_name,
  dns_answer_name,
  dns_opcode,
  dns_rcode,
  dns_rrtype,
  dns_response,
  // tls
  tls_sni,
  tls_version,
  tls_alpn,
  tls_certs,
  tls_cert_subject,
  tls_cert_issuer,
  tls_cert_serial,
  tls_cert_fingerprint,
  tls_cert_notbefore,
  tls_cert_notafter,
  tls_cert_standing,
  tls_subjectaltname,
  tls_random,
  ja3_hash,
  ja3_string,
  ja3s_hash,
  ja3s_string,
  ja4_hash,
  // ssh
  ssh_proto,
  ssh_software,
  ssh_hassh,
  ssh_hassh_string,
  ssh_hassh_server,
  ssh_hassh_server_string,
  // smtp, and the mail it carries
  smtp_helo,
  smtp_mail_from,
  smtp_rcpt_to,
  email_from,
  email_to,
  email_cc,
  email_subject,
  email_date,
  email_message_id,
  email_x_mailer,
  email_received,
  email_url,
  email_body_md5,
  // ftp
  ftp_command,
  ftp_command_data,
  ftp_reply,
  ftp_completion_code,
  ftp_mode,
  ftp_dynamic_port,
  ftp_reply_received,
  ftp_bounce,
  ftp_data_command,
  // smb
  smb_named_pipe,
  smb_share,
  smb_ntlmssp_user,
  smb_ntlmssp_domain,
  smb_version,
  // dcerpc
  dcerpc_iface,
  dcerpc_opnum,
  dcerpc_stub_data,
  dcerpc_little,  // byte order of the call: not a buffer of rules
  // mqtt
  mqtt_connect_clientid,
  mqtt_connect_flags,
  mqtt_connect_password,
  mqtt_connect_protocol_string,
  mqtt_connect_username,
  mqtt_connect_willmessage,
  mqtt_connect_willtopic,
  mqtt_connack_session_present,
  mqtt_flags,
  mqtt_protocol_version,
  mqtt_publish_message,
  mqtt_publish_topic,
  mqtt_qos,
  mqtt_reason_code,
  mqtt_subscribe_topic,
  mqtt_type,
  mqtt_unsubscribe_topic,
  // sip
  sip_method,
  sip_uri,
  sip_request_line,
  sip_stat_code,
  sip_stat_msg,
  sip_response_line,
  sip_protocol,
  sip_from,
  sip_to,
  sip_via,
  sip_user_agent,
  sip_content_type,
  sip_content_length,
  sdp_origin,
  sdp_session_name,
  sdp_session_info,
  sdp_uri,
  sdp_email,
  sdp_phone_number,
  sdp_connection_data,
  sdp_bandwidth,
  sdp_time,
  sdp_repeat_time,
  sdp_timezone,
  sdp_encryption_key,
  sdp_attribute,
  sdp_media_media,
  sdp_media_media_info,
  sdp_media_connection_data,
  sdp_media_encryption_key,
  // snmp
  snmp_community,
  snmp_usm,
  snmp_version,
  snmp_pdu_type,
  snmp_trap_type,
  // ldap
  ldap_request_operation,
  ldap_request_dn,
  ldap_request_attribute_type,
  ldap_responses_operation,
  ldap_responses_count,
  ldap_responses_dn,
  ldap_responses_result_code,
  ldap_responses_message,
  ldap_responses_attribute_type,
  // krb5
  krb5_cname,
  krb5_sname,
  krb5_message_type,
  krb5_error_code,
  krb5_ticket_encryption,
  // rfb
  rfb_name,
  rfb_security_type,
  rfb_security_result,
  // dhcp
  dhcp_lease_time,
  dhcp_rebinding_time,
  dhcp_renewal_time,
  // ike
  ike_initiator_spi,
  ike_responder_spi,
  ike_chosen_attribute,
  ike_exchange_type,
  ike_vendor,
  ike_key_exchange,
  ike_key_exchange_length,
  ike_nonce,
  ike_nonce_length,
  // nfs
  nfs_version,
  nfs_procedure,
  // pgsql
  pgsql_query,
  // http2
  http2_frametype,
  http2_errorcode,
  http2_priority,
  http2_window,
  http2_size_update,
  http2_settings,
  http2_header_name,
  // quic
  quic_version,
  quic_sni,
  quic_ua,
  quic_cyu_hash,
  quic_cyu_string,
  // dnp3
  dnp3_data,
  dnp3_function,
  dnp3_indicators,
  dnp3_object,
  // modbus
  modbus_unit,
  modbus_function,
  modbus_subfunction,
  modbus_category,
  modbus_access,
  modbus_table,
  modbus_address_first,
  modbus_address_last,
  modbus_value,
  // enip
  enip_command,
  enip_status,
  enip_capabilities,
  enip_cip_service,
  enip_cip_class,
  enip_cip_instance,
  enip_cip_attribute,
  enip_cip_status,
  enip_cip_extended_status,
  enip_device_type,
  enip_identity_status,
  enip_product_code,
  enip_protocol_version,
  enip_revision,
  enip_serial,
  enip_state,
  enip_vendor_id,
  enip_product_name,
  enip_service_name,
  // websocket
  websocket_flags,
  websocket_mask,
  websocket_opcode,
  websocket_payload,
  // mdns
  mdns_query_name,
  mdns_answer_name,
  // dns and mdns
  dns_authority_name,
  dns_additional_name,
  mdns_response_name,
  // the rest of the protocols append here
  count_,
};

enum class BufferSide : std::uint8_t { to_server, to_client, both };

struct BufferRow {
  Buffer buffer;
  std::string_view name;  // as rules write it: "http.uri"
  Protocol protocol;
  BufferSide side;
  std::uint8_t progress;  // available once the transaction's progress on that side is at least this
  bool multiple;          // index 0…n: several instances (dns.query, tls.certs); each is inspected on its own
  bool growing;           // bodies: more bytes may come while progress stays
};

}  // namespace tocsin::collectors
