// NFS as Suricata's EVE shows it: https://docs.suricata.io/en/latest/output/eve/eve-json-format.html#event-type-nfs

#include <fmt/format.h>

#include "collectors/packet/protocol/nfs/transaction.h"

namespace tocsin::collectors {

namespace {

// CRC-32 of IEEE 802.3. Handles are short: no table is worth it.
std::uint32_t checksum(Bytes bytes) {
  std::uint32_t value = 0xFFFF'FFFF;
  for (const auto byte : bytes) {
    value ^= byte;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1U) != 0 ? 0xEDB8'8320U : 0U);
  }
  return ~value;
}

std::string flavor_name(std::uint32_t flavor) {
  switch (flavor) {
    case RpcCredentials::none: return "NULL";
    case RpcCredentials::unix_user: return "UNIX";
    case RpcCredentials::gss: return "GSS";
    default: return fmt::format("{}", flavor);
  }
}

}  // namespace

bool NfsTransaction::describe(JsonWriter& json, const RecordDetail&, RecordPurpose, std::uint32_t) const {
  json.key("rpc").begin_object().member("xid", call).member("status", accepted ? "ACCEPTED" : "DENIED");
  json.member("auth_type", flavor_name(credentials.flavor));
  if (credentials.flavor == RpcCredentials::unix_user) {
    json.key("creds").begin_object().member("machine_name", record_text(credentials.machine));
    json.member("uid", credentials.user).member("gid", credentials.group).end_object();
  }
  json.end_object();
  json.key("nfs").begin_object().member("version", version);
  json.member("procedure", nfs_procedure_name(version, procedure)).member("filename", record_text(name));
  if (!handle.empty()) json.member("hhash", fmt::format("{:08x}", checksum(handle)));
  json.member("id", number + 1).member("file_tx", file.has_value());
  if (file) {
    json.key(file->direction == Direction::to_client ? "read" : "write").begin_object().member("first", true);
    json.member("last", file->ended);
    if (file->ended) json.member("last_xid", file->last_call);
    json.member("chunks", file->chunks).end_object();
  }
  json.member("type", "response").member("status", nfs_status_name(status));
  if (action == NfsAction::rename)
    json.key("rename")
        .begin_object()
        .member("from", record_text(name))
        .member("to", record_text(new_name))
        .end_object();
  json.end_object();
  return true;
}

}  // namespace tocsin::collectors
