#pragma once
// Messages of BitTorrent's distributed hash table (BEP 5), written in bencode (BEP 3). Pure functions over hostile
// bytes: nothing is kept that is not in the datagram, and nesting is bounded.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "collectors/base/bytes.h"

namespace tocsin::collectors {

struct DhtPeer {
  std::string id;       // of a node: 20 bytes; empty for a peer
  std::string address;  // 4 or 16 bytes
  std::uint16_t port = 0;
};

struct DhtRequest {
  std::string id;
  std::optional<std::string> target, info_hash, token;
  std::optional<std::uint8_t> implied_port;
  std::optional<std::uint16_t> port;
};

struct DhtResponse {
  std::string id;
  std::vector<DhtPeer> nodes, nodes6, values;
  std::optional<std::string> token;
};

struct DhtError {
  std::uint16_t number = 0;
  std::string text;
};

struct DhtMessage {
  std::string transaction;
  std::optional<std::string> client;  // software and version
  std::string kind;                   // of a request: "ping", "find_node", "get_peers", "announce_peer"
  std::optional<DhtRequest> request;
  std::optional<DhtResponse> response;
  std::optional<DhtError> error;
};

// The datagram begins as such a message does.
bool resembles_dht(Bytes datagram) noexcept;
// Nothing when it is malformed.
std::optional<DhtMessage> parse_dht(Bytes datagram);

}  // namespace tocsin::collectors
