#pragma once
// Frames: the pieces that a protocol itself cuts its bytes into (a message, its header, its content, a line), with
// their place in the stream. Rules look at them with `frame:NAME`, records tell of them. Names are Suricata's:
// https://docs.suricata.io/en/latest/rules/payload-keywords.html

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "collectors/base/bytes.h"
#include "collectors/packet/flow.h"

namespace tocsin::collectors {

enum class FrameKind : std::uint8_t {
  none,
  dcerpc_pdu,
  dcerpc_header,
  dcerpc_data,
  dns_pdu,
  enip_pdu,
  enip_header,
  enip_data,
  http_request,
  http_response,
  http2_pdu,
  http2_header,
  http2_data,
  ldap_pdu,
  modbus_pdu,
  mqtt_pdu,
  mqtt_header,
  mqtt_data,
  rfb_pdu,
  sip_pdu,
  sip_request_line,
  sip_request_headers,
  sip_request_body,
  sip_response_line,
  sip_response_headers,
  sip_response_body,
  smb_nbss_pdu,
  smb_nbss_header,
  smb_nbss_data,
  smb1_pdu,
  smb1_header,
  smb1_data,
  smb2_pdu,
  smb2_header,
  smb2_data,
  smb3_pdu,
  smb3_header,
  smb3_data,
  smtp_command_line,
  smtp_data,
  smtp_response_line,
  ssh_record_pdu,
  ssh_record_header,
  ssh_record_data,
  telnet_pdu,
  telnet_control,
  telnet_data,
  tls_pdu,
  tls_header,
  tls_data,
  count_,
};

struct FrameRow {
  FrameKind kind;
  Protocol protocol;
  std::string_view name;  // without the protocol's: "pdu", "smb2.hdr"
};
const FrameRow& frame_row(FrameKind kind) noexcept;
// "pdu" of the protocol given, or "dns.pdu" of the one that it names. `none`: not known.
FrameKind find_frame(std::string_view name, Protocol protocol) noexcept;

struct Frame {
  FrameKind kind = FrameKind::none;
  Direction direction = Direction::to_server;
  std::uint64_t number = 0;  // within its flow
  std::uint64_t offset = 0;  // of its first byte in the stream; 0 in datagrams
  std::uint64_t length = 0;  // as the protocol states it
  bool complete = false;     // `bytes` is all of it
  bool datagram = false;
  Bytes bytes;
};

class FrameSink {
 public:
  virtual ~FrameSink() = default;
  virtual void frame(const Frame& frame) = 0;
};

}  // namespace tocsin::collectors
