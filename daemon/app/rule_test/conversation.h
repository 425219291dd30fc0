#pragma once
// Frames of a small conversation, written from a rule's test: enough of Ethernet, IPv4, TCP and UDP with right
// checksums for the packet floor to treat it like traffic. Client 203.0.113.66, server 192.0.2.10; 1 ms between frames.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/time.h"

namespace tocsin::daemon {

struct ConversationFrame {
  Time time{};
  std::vector<std::uint8_t> bytes;
};

struct Said {
  bool to_server = true;
  std::string bytes;
};

// Handshake, the data in order (split at 1,400 bytes, each segment acknowledged), then an orderly close.
std::vector<ConversationFrame> tcp_conversation(const std::vector<Said>& said, std::uint16_t server_port, Time start);
std::vector<ConversationFrame> udp_conversation(const std::vector<Said>& said, std::uint16_t server_port, Time start);
// RFC 1035 query of one name; `type` as "A", "TXT" …, unknown names give A.
std::string dns_query(std::string_view name, std::string_view type);
// RFC 8446 client hello with one server name (RFC 6066 section 3).
std::string tls_client_hello(std::string_view server_name);

}  // namespace tocsin::daemon
