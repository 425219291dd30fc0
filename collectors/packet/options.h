#pragma once
// Every setting of the packet floor, with built-in defaults equal to those of Suricata 8's shipped configuration.
// Plain values: made by the configuration, copied into each worker, never changed afterwards.

#include <array>
#include <bitset>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "collectors/base/address.h"
#include "collectors/base/time.h"
#include "collectors/packet/exception_policy.h"

namespace tocsin::collectors {

// Bad checksums are normal where the network card computes them: `-k none` of replay means `ignore`.
enum class ChecksumMode : std::uint8_t { validate, ignore };

struct DecodeOptions {
  ChecksumMode checksums = ChecksumMode::validate;
  std::uint32_t tunnel_depth_most = 8;  // packets inside packets
  std::uint32_t layers_most = 16;       // link-level headers and IPv6 extensions, each counted
  bool teredo = true;
  bool vxlan = true;
  bool geneve = true;
  bool erspan_type1 = true;
  std::vector<std::uint16_t> teredo_ports{3544};
  std::vector<std::uint16_t> vxlan_ports{4789};
  std::vector<std::uint16_t> geneve_ports{6081};
};

// Whose way of resolving overlaps is imitated: fragments (RFC 815 leaves it open) and TCP segments.
enum class OverlapPolicy : std::uint8_t {
  bsd,
  bsd_right,
  old_linux,
  linux_,
  old_solaris,
  solaris,
  hpux10,
  hpux11,
  irix,
  macos,
  windows,
  vista,
  windows2003,
  first,
  last,
};
struct HostPolicy {
  Network network;
  OverlapPolicy policy = OverlapPolicy::bsd;
};
// The most specific network wins; `bsd` when none fits.
OverlapPolicy policy_for(const std::vector<HostPolicy>& policies, const IpAddress& host) noexcept;

struct DefragmentOptions {
  std::uint64_t memory_most = 32ULL << 20;
  std::size_t datagrams_most = 65'535;      // under way at once
  std::size_t fragments_each_most = 4'096;  // per datagram
  Duration timeout = std::chrono::seconds(60);
};

struct FlowTimeouts {
  Duration fresh;
  Duration established;
  Duration closed;
};
struct FlowOptions {
  std::uint64_t memory_most = 128ULL << 20;  // counted per worker
  std::size_t flows_most = 0;                // per worker; 0: as many as the memory allows
  FlowTimeouts tcp{std::chrono::seconds(60), std::chrono::seconds(600), std::chrono::seconds(60)};
  FlowTimeouts udp{std::chrono::seconds(30), std::chrono::seconds(300), std::chrono::seconds(0)};
  FlowTimeouts icmp{std::chrono::seconds(30), std::chrono::seconds(300), std::chrono::seconds(0)};
  FlowTimeouts other{std::chrono::seconds(30), std::chrono::seconds(300), std::chrono::seconds(0)};
  bool vlan_in_key = true;
  std::uint64_t hash_seed = 0;  // against crafted collisions; never shows in any output
};

// The byte that an urgent pointer (RFC 6093) names: part of the stream, left out of it, taken for lost; or the segment
// is not taken up at all.
enum class UrgentPolicy : std::uint8_t { inline_, out_of_band, gap, drop };

struct StreamOptions {
  std::uint64_t memory_most = 256ULL << 20;    // payload kept for reassembly, per worker
  std::uint64_t session_memory = 64ULL << 20;  // sessions, per worker
  std::uint64_t depth = 1ULL << 20;            // bytes per direction; 0 = no limit
  // Of protocols that keep one connection for all they do, once they are recognised.
  std::uint64_t smb_depth = 0, modbus_depth = 0, pgsql_depth = 0;
  std::size_t segments_most = 65'536;             // out of order, per direction
  std::size_t syns_most = 10, syn_acks_most = 5;  // of one handshake; told when there are more
  bool midstream = false;                         // take up connections whose handshake was not seen
  bool async_one_side = false;                    // take up connections of which one direction only is seen
  OverlapPolicy overlap_policy = OverlapPolicy::bsd;
  ExceptionPolicy midstream_policy = ExceptionPolicy::ignore;
  bool bypass = false;  // flows past depth
  UrgentPolicy urgent_policy = UrgentPolicy::inline_;
};

struct HttpOptions {
  bool enabled = true;
  std::uint64_t request_body_limit = 100ULL << 10;
  std::uint64_t response_body_limit = 100ULL << 10;
  bool files_within_limits = false;  // files end where those limits do
  int decompression_layers = 2;
  std::uint32_t headers_most = 1'024;
  std::size_t transactions_most = 512;  // unfinished, per flow
};
struct DnsOptions {
  bool enabled = true;
  std::size_t message_most = 65'535;
};
struct TlsOptions {
  bool enabled = true;
  bool stop_when_encrypted = true;
  bool bypass_when_encrypted = false;         // with stream.bypass
  std::size_t handshake_most = 256ULL << 10;  // bytes kept of one handshake message
};
struct SshOptions {
  bool enabled = true;
  bool stop_when_encrypted = true;
  bool bypass_when_encrypted = false;  // counted only from then on
  std::size_t kexinit_most = 65'535;   // bytes kept of the algorithms offered
};
struct SmtpOptions {
  bool enabled = true;
  std::size_t line_most = 4'096;        // of a command or an answer
  std::size_t transactions_most = 256;  // unfinished, per flow
  bool raw_extraction = false;          // the whole message is one file
  bool decode_mime = true;
  bool decode_base64 = true;
  bool decode_quoted_printable = true;
  std::size_t header_value_most = 2'000;
  std::uint64_t inspected_most = 100'000;  // bytes of an attachment that rules see
  bool extract_urls = true;
  std::vector<std::string> url_schemes{"http"};
  bool log_url_scheme = false;
  bool body_md5 = true;
};
struct FtpOptions {
  bool enabled = true;
  std::size_t line_most = 4'096;           // of a command or an answer
  std::size_t transactions_most = 1'024;   // unfinished, per flow
  std::uint64_t inspected_most = 100'000;  // bytes of a transferred file that rules see
};

struct SmbOptions {
  bool enabled = true;
  std::size_t transactions_most = 1'024;             // unfinished, per flow
  std::size_t message_most = 128ULL << 10;           // kept until whole; files go on as they come
  std::uint64_t file_inspected_most = 100ULL << 10;  // per file, for file.data
  std::size_t early_most = 512ULL << 10;             // per file, of parts that come before their turn
  std::size_t early_count_most = 64;
};
struct DcerpcOptions {
  bool enabled = true;
  std::size_t transactions_most = 1'024;  // unfinished, per flow
};

struct MqttOptions {
  bool enabled = true;
  std::size_t message_most = 1ULL << 20;  // longer ones are stepped over
  std::size_t transactions_most = 1'024;  // unfinished, per flow
};

struct SipOptions {
  bool enabled = true;
  std::size_t head_most = 32ULL << 10;
  std::size_t body_most = 64ULL << 10;  // longer ones are stepped over
};

struct Pop3Options {
  bool enabled = true;
  std::size_t line_most = 4'096;
  std::size_t transactions_most = 256;  // unfinished, per flow
};
struct ImapOptions {
  bool enabled = true;
};
struct TelnetOptions {
  bool enabled = true;
};
struct TftpOptions {
  bool enabled = true;
};

struct NtpOptions {
  bool enabled = true;
};

struct SnmpOptions {
  bool enabled = true;
};

struct LdapOptions {
  bool enabled = true;
  std::size_t message_most = 1ULL << 20;  // a longer one ends the reading of its side
  std::size_t transactions_most = 256;    // unfinished, per flow
  std::size_t responses_most = 1'024;     // kept of one request
};
struct KerberosOptions {
  bool enabled = true;
  std::size_t message_most = 64ULL << 10;  // over TCP
};
struct RdpOptions {
  bool enabled = true;
};
struct RfbOptions {
  bool enabled = true;
  std::size_t text_most = 4'096;  // of a name or a reason
};
struct DhcpOptions {
  bool enabled = true;
};
struct IkeOptions {
  bool enabled = true;
};
struct NfsOptions {
  bool enabled = true;
  std::size_t message_most = 1'200'000;              // of a call or a reply; a longer one is stepped over
  std::size_t transactions_most = 1'024;             // unfinished, per flow
  std::uint64_t file_inspected_most = 100ULL << 10;  // per file, for file.data
};
// Suricata ships these four switched off; so do we.
struct PgsqlOptions {
  bool enabled = false;
  std::size_t message_most = 1ULL << 20;  // longer ones are stepped over
  std::size_t transactions_most = 1'024;  // unfinished, per flow
};
struct ModbusOptions {
  bool enabled = false;
  std::size_t transactions_most = 500;  // unanswered, per flow
};
struct Dnp3Options {
  bool enabled = false;
  std::size_t transactions_most = 500;  // unfinished, per flow
  std::size_t points_most = 16'384;     // of one application message
  std::size_t objects_most = 2'048;
  std::size_t reassembly_most = 4'096;
};
struct EnipOptions {
  bool enabled = false;
  std::size_t message_most = 64ULL << 10;
  std::size_t transactions_most = 1'024;  // unanswered, per flow
};
struct Http2Options {
  bool enabled = true;
  std::size_t streams_most = 4'096;        // at once, per flow
  std::size_t table_most = 65'536;         // bytes of a header table
  std::size_t reassembly_most = 102'400;   // header blocks in several frames
  std::size_t frames_most = 65'536;        // kept per stream
  std::uint64_t body_most = 100ULL << 10;  // bytes of a body that rules see
};
struct QuicOptions {
  bool enabled = true;
  std::size_t crypto_most = 65'535;  // bytes of a handshake put together, per direction
};
struct WebsocketOptions {
  bool enabled = true;
  std::size_t payload_most = 65'535;  // kept of one message
};
struct MdnsOptions {
  bool enabled = true;
};

class FlowOwnerSource;

struct PacketOptions {
  DecodeOptions decode;
  DefragmentOptions defragment;
  FlowOptions flow;
  StreamOptions stream;
  HttpOptions http;
  DnsOptions dns;
  TlsOptions tls;
  SshOptions ssh;
  SmtpOptions smtp;
  FtpOptions ftp;
  Pop3Options pop3;
  ImapOptions imap;
  TelnetOptions telnet;
  std::bitset<64> recognised_only;  // protocols that are found out and not followed, by number
  TftpOptions tftp;
  NtpOptions ntp;
  SmbOptions smb;
  DcerpcOptions dcerpc;
  MqttOptions mqtt;
  SipOptions sip;
  SnmpOptions snmp;
  LdapOptions ldap;
  KerberosOptions krb5;
  RdpOptions rdp;
  RfbOptions rfb;
  DhcpOptions dhcp;
  IkeOptions ike;
  NfsOptions nfs;
  PgsqlOptions pgsql;
  ModbusOptions modbus;
  Dnp3Options dnp3;
  EnipOptions enip;
  Http2Options http2;
  QuicOptions quic;
  WebsocketOptions websocket;
  MdnsOptions mdns;
  std::vector<HostPolicy> host_policies;     // overlap policy by destination
  std::size_t detection_bytes_most = 4'096;  // per direction, until the protocol is known or given up
  std::string source;                        // name of the capture: "pcap:traffic.pcap", "interface:eth0"
  std::string identity;                      // what makes record ids stable; the same for every worker
  std::string host;                          // host.name of the records
  bool exercise = false;                     // records carry the exercise mark
  Duration quiet_after{};                    // a flow whose streams stand still this long is told of; 0: never
  bool records = true;                       // make events of transactions and flows
  FlowOwnerSource* owners = nullptr;         // whose socket a flow is, for its record; null: nobody asks
};

}  // namespace tocsin::collectors
