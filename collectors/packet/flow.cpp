#include "collectors/packet/flow.h"

#include <utility>
#include <vector>

#include "collectors/base/base64.h"
#include "collectors/base/digest.h"
#include "collectors/packet/flow/icmp.h"

namespace tocsin::collectors {

bool tcp_is_closing(const Flow& flow) noexcept {
  const auto state = flow.tcp_state;
  return state == "close_wait" || state == "last_ack" || state == "closing" || state == "closed";
}

std::string_view protocol_name(Protocol protocol) noexcept {
  static constexpr std::array<std::string_view, 38> names{
      "unknown",  "failed", "http",   "http2",          "dns",  "tls",  "quic", "ssh",   "smtp",   "ftp",
      "ftp-data", "smb",    "dcerpc", "ntlm",           "krb5", "ldap", "dhcp", "nfs",   "tftp",   "snmp",
      "sip",      "rdp",    "rfb",    "mqtt",           "ike",  "pop3", "imap", "pgsql", "telnet", "websocket",
      "modbus",   "dnp3",   "enip",   "bittorrent-dht", "doh2", "mdns", "arp",  "ntp"};
  static_assert(names.size() == static_cast<std::size_t>(Protocol::ntp) + 1);
  const auto number = static_cast<std::size_t>(protocol);
  return number < names.size() ? names[number] : names[0];
}

std::string community_id(const Flow& flow, std::uint16_t seed) {
  auto low = std::pair{flow.client.address, flow.client.port};
  auto high = std::pair{flow.server.address, flow.server.port};
  bool one_way = false;
  if (flow.transport == ip_protocol::icmp || flow.transport == ip_protocol::icmpv6) {
    const auto counterpart = icmp_counterpart(flow.transport, flow.icmp_type);
    one_way = !counterpart.has_value();
    low.second = flow.icmp_type;
    high.second = counterpart.value_or(flow.icmp_code);
  }
  if (!one_way && high < low) std::swap(low, high);
  std::vector<std::uint8_t> text{static_cast<std::uint8_t>(seed >> 8), static_cast<std::uint8_t>(seed)};
  const auto append = [&](Bytes bytes) { text.insert(text.end(), bytes.begin(), bytes.end()); };
  append(low.first.bytes());
  append(high.first.bytes());
  text.push_back(flow.transport);
  text.push_back(0);
  for (const auto port : {low.second, high.second}) {
    text.push_back(static_cast<std::uint8_t>(port >> 8));
    text.push_back(static_cast<std::uint8_t>(port));
  }
  const auto digest = sha1(text);
  return "1:" + to_base64(as_text(Bytes(digest)));
}

}  // namespace tocsin::collectors
