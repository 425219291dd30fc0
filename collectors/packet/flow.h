#pragma once
// A conversation between two endpoints. Owned by the flow table of one worker; observers may hang their own state on it
// and must not keep the reference past on_flow_end.

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "collectors/base/address.h"
#include "collectors/base/time.h"
#include "collectors/packet/exception_policy.h"
#include "collectors/packet/packet.h"

namespace tocsin::collectors {

// Application protocols. Names, default ports and factories are rows of the table in protocol/table.h.
enum class Protocol : std::uint8_t {
  unknown,
  failed,
  http,
  http2,
  dns,
  tls,
  quic,
  ssh,
  smtp,
  ftp,
  ftp_data,
  smb,
  dcerpc,
  ntlm,
  krb5,
  ldap,
  dhcp,
  nfs,
  tftp,
  snmp,
  sip,
  rdp,
  rfb,
  mqtt,
  ike,
  pop3,
  imap,
  pgsql,
  telnet,
  websocket,
  modbus,
  dnp3,
  enip,
  bittorrent,
  doh2,
  mdns,
  arp,
  ntp,
};
std::string_view protocol_name(
    Protocol protocol) noexcept;  // Suricata's spelling: "http", "dns", "tls", "krb5", "ftp-data"

// Base of what an observer keeps per flow.
struct FlowExtension {
  virtual ~FlowExtension() = default;
};

enum class FlowState : std::uint8_t { fresh, established, closed };
// closed: another connection between the same ports began.
enum class FlowEnd : std::uint8_t { timeout, closed, evicted, shutdown };

struct FlowSide {
  IpAddress address;
  std::uint16_t port = 0;     // or the ICMP id
  std::uint64_t packets = 0;  // sent by this side
  std::uint64_t bytes = 0;    // frame bytes sent by this side
  std::uint8_t tcp_flags = 0;
  std::uint16_t stream_regions = 0;  // of its bytes, held apart by losses
  std::uint8_t time_to_live_least = 0xFF;
  std::uint8_t time_to_live_most = 0;
};

struct Flow {
  static constexpr std::size_t extensions_most = 8;

  std::uint64_t id = 0;    // stable: hash of the tuple, VLANs and start time; the same for every worker count
  std::uint64_t hash = 0;  // of the tuple, direction-free: chooses the worker
  std::uint8_t ip_version = 4;
  std::uint8_t transport = 0;
  std::uint8_t icmp_type = 0;  // of the first packet
  std::uint8_t icmp_code = 0;
  std::optional<std::uint8_t> answer_icmp_type;  // of the server's first packet
  std::uint8_t answer_icmp_code = 0;
  std::uint32_t security_index = 0;  // of ESP
  std::array<std::uint16_t, 3> vlan{};
  std::uint8_t vlan_count = 0;
  Time start{};
  Time last{};
  FlowState state = FlowState::fresh;
  Protocol protocol = Protocol::unknown;
  Protocol protocol_original = Protocol::unknown;  // before a tunnel or an upgrade
  std::array<Protocol, 2> protocol_by_direction{};
  // client = who sent the first packet (or the SYN); a mid-stream pick-up may be swapped once the protocol is known.
  FlowSide client;
  FlowSide server;
  bool midstream = false;
  bool alerted = false;
  bool passed = false;                              // by a rule: nothing of it alerts any more
  std::string_view tcp_state;                       // as Suricata names it: "established"; empty without a session
  std::uint64_t transactions = 0;                   // ended
  bool inspection_over = false;                     // past depth, or bypassed: counted but no longer inspected
  bool bypassed = false;                            // by a rule or the configuration: counted, nothing else
  bool silent = false;                              // a rule wants no records of its transactions
  std::optional<ExceptionPolicy> midstream_policy;  // applied when it was taken up in the middle
  std::bitset<packet_events_most> events;
  std::uint64_t recent = 0;  // its latest frame among those that are kept for a while (capture/recent.h); 0: none is
  bool wanted = false;       // its next frames are evidence

  // Slot i belongs to the observer that was given number i when it was attached.
  std::array<std::unique_ptr<FlowExtension>, extensions_most> extension;

  const FlowSide& side(Direction sender) const noexcept { return sender == Direction::to_server ? client : server; }
  FlowSide& side(Direction sender) noexcept { return sender == Direction::to_server ? client : server; }
};

// The client, or both sides, have begun to end the connection.
bool tcp_is_closing(const Flow& flow) noexcept;

// Community ID version 1 (https://github.com/corelight/community-id-spec): "1:…=".
std::string community_id(const Flow& flow, std::uint16_t seed = 0);

}  // namespace tocsin::collectors
