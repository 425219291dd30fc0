#include "collectors/packet/protocol/nfs/rpc.h"

namespace tocsin::collectors {

namespace {

constexpr std::uint32_t rpc_version = 2;

// The body of credentials is at most 400 bytes (RFC 5531, section 8.2).
constexpr std::uint32_t credentials_most = 400;

}  // namespace

std::optional<RpcCall> parse_rpc_call(Bytes bytes) {
  ByteReader reader(bytes);
  RpcCall call;
  call.id = reader.u32();
  if (reader.u32() != 0 || reader.u32() != rpc_version) return std::nullopt;
  call.program = reader.u32();
  call.version = reader.u32();
  call.procedure = reader.u32();
  call.credentials.flavor = reader.u32();
  const Bytes body = take_opaque(reader);
  reader.skip(4);  // flavor of the verifier
  const Bytes verifier = take_opaque(reader);
  if (!reader.ok() || body.size() > credentials_most || verifier.size() > credentials_most) return std::nullopt;
  if (call.credentials.flavor == RpcCredentials::unix_user) {
    ByteReader parts(body);
    parts.skip(4);  // a stamp
    call.credentials.machine = as_text(take_opaque(parts));
    call.credentials.user = parts.u32();
    call.credentials.group = parts.u32();
    if (!parts.ok()) return std::nullopt;
  }
  call.arguments = reader.rest();
  return call;
}

std::optional<RpcReply> parse_rpc_reply(Bytes bytes) {
  ByteReader reader(bytes);
  RpcReply reply;
  reply.id = reader.u32();
  if (reader.u32() != 1) return std::nullopt;
  const std::uint32_t state = reader.u32();
  if (!reader.ok() || state > 1) return std::nullopt;
  reply.accepted = state == 0;
  if (!reply.accepted) return reply;
  reader.skip(4);
  take_opaque(reader);
  reply.outcome = reader.u32();
  if (!reader.ok()) return std::nullopt;
  reply.results = reader.rest();
  return reply;
}

}  // namespace tocsin::collectors
