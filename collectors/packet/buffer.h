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
