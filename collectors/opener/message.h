#pragma once
// What tocsind and tocsin-opener say to each other: one datagram each way on a SOCK_SEQPACKET socket, descriptors
// beside it. Layout: "TOC1", one byte of kind (request) or code (reply), 16 bits of count, then per field 32 bits of
// length and the bytes; all big-endian. Both ends are capped; anything else is refused.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "collectors/base/bytes.h"
#include "collectors/base/descriptor.h"
#include "collectors/base/result.h"

namespace tocsin::collectors {

enum class OpenerRequestKind : std::uint8_t {
  open_log = 1,  // path → file
  list_logs,     // glob → paths
  open_journal,  // directory → the directory, then its files; fields: names of the files
  interfaces,    // → names
  open_rings,    // interface, filter, rings, bytes, snapshot, promiscuous → ring each; fields: geometries
  bind_socket,   // path → listening socket
  open_output,   // directory → directory, made when missing
  socket_owner,  // transport, local address, port, remote address, port → user, process, its name, program, cgroup
};

struct OpenerRequest {
  OpenerRequestKind kind = OpenerRequestKind::open_log;
  std::vector<std::string> fields;
};

struct OpenerReply {
  std::optional<Error> error;
  std::vector<std::string> fields;
  std::vector<OwnedDescriptor> descriptors;
};

inline constexpr std::size_t opener_message_most = 128 * 1024;
inline constexpr std::size_t opener_fields_most = 1024;

std::string encode_request(const OpenerRequest& request);
Result<OpenerRequest> decode_request(Bytes bytes);
std::string encode_reply(const OpenerReply& reply);  // without the descriptors
Result<OpenerReply> decode_reply(Bytes bytes);

struct OpenerDatagram {
  std::string bytes;  // empty: the other end closed
  std::vector<OwnedDescriptor> descriptors;
};
Result<void> send_datagram(int socket, const std::string& bytes, std::span<const OwnedDescriptor> descriptors);
// Blocks unless the socket does not. `invalid` when it was cut.
Result<OpenerDatagram> receive_datagram(int socket);

}  // namespace tocsin::collectors
