#pragma once
// Calls and replies of ONC RPC version 2 (RFC 5531), what NFS is spoken in.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "collectors/base/bytes.h"

namespace tocsin::collectors {

// Data as XDR writes it (RFC 4506): a length, as many bytes, then up to three to fill the last word.
inline Bytes take_opaque(ByteReader& reader) noexcept {
  const std::size_t size = reader.u32();
  const Bytes content = reader.take(size);
  reader.skip((4 - size % 4) % 4);
  return content;
}

struct RpcCredentials {
  static constexpr std::uint32_t none = 0, unix_user = 1, gss = 6;
  std::uint32_t flavor = none;
  std::string machine;  // of unix_user
  std::uint32_t user = 0, group = 0;
};
struct RpcCall {
  std::uint32_t id = 0, program = 0, version = 0, procedure = 0;
  RpcCredentials credentials;
  Bytes arguments;
};
struct RpcReply {
  std::uint32_t id = 0;
  bool accepted = false;
  std::uint32_t outcome = 0;  // of an accepted one: 0 done
  Bytes results;
};

std::optional<RpcCall> parse_rpc_call(Bytes bytes);
std::optional<RpcReply> parse_rpc_reply(Bytes bytes);

}  // namespace tocsin::collectors
