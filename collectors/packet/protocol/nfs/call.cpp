#include "collectors/packet/protocol/nfs/call.h"

#include <array>

#include "collectors/packet/protocol/nfs/rpc.h"

namespace tocsin::collectors {

namespace {

constexpr std::size_t handle_most = 128, handle_of_v2 = 32;

constexpr std::array<std::string_view, 18> procedures_of_v2{
    "NULL",   "GETATTR", "SETATTR", "ROOT", "LOOKUP",  "READLINK", "READ",  "WRITECACHE", "WRITE",
    "CREATE", "REMOVE",  "RENAME",  "LINK", "SYMLINK", "MKDIR",    "RMDIR", "READDIR",    "STATFS"};
constexpr std::array<std::string_view, 22> procedures_of_v3{
    "NULL",    "GETATTR",     "SETATTR", "LOOKUP", "ACCESS",   "READLINK", "READ",   "WRITE",
    "CREATE",  "MKDIR",       "SYMLINK", "MKNOD",  "REMOVE",   "RMDIR",    "RENAME", "LINK",
    "READDIR", "READDIRPLUS", "FSSTAT",  "FSINFO", "PATHCONF", "COMMIT"};

namespace v4 {
constexpr std::uint32_t compound = 1, access = 3, close = 4, commit = 5, get_attributes = 9, get_handle = 10,
                        lookup = 15, put_handle = 22, put_root = 24, read = 25, remove = 28, restore_handle = 31,
                        save_handle = 32, write = 38, sequence = 53;
constexpr std::size_t state_size = 16, operations_most = 64;
}  // namespace v4

bool file_name(ByteReader& reader, NfsCall& call) {
  call.name = take_opaque(reader);
  return reader.ok();
}

std::optional<NfsCall> second(NfsCall call, Bytes arguments) {
  ByteReader reader(arguments);
  const auto name = call.procedure < procedures_of_v2.size() ? procedures_of_v2[call.procedure] : std::string_view{};
  if (name.empty()) return std::nullopt;
  if (name == "NULL" || name == "ROOT" || name == "WRITECACHE") return call;
  call.handle = reader.take(handle_of_v2);
  if (name == "LOOKUP") call.action = NfsAction::lookup;
  else if (name == "CREATE" || name == "MKDIR") call.action = NfsAction::create;
  const bool named = name == "LOOKUP" || name == "CREATE" || name == "REMOVE" || name == "MKDIR" || name == "RMDIR";
  if (named || name == "SYMLINK") file_name(reader, call);
  if (name == "RENAME") {
    call.action = NfsAction::rename;
    file_name(reader, call);
    reader.skip(handle_of_v2);
    call.new_name = take_opaque(reader);
  } else if (name == "READ") {
    call.action = NfsAction::read;
    call.offset = reader.u32();
  } else if (name == "WRITE") {
    call.action = NfsAction::write;
    reader.skip(4);
    call.offset = reader.u32();
    reader.skip(4);
    call.data = take_opaque(reader);
  }
  if (!reader.ok()) return std::nullopt;
  return call;
}

std::optional<NfsCall> third(NfsCall call, Bytes arguments) {
  ByteReader reader(arguments);
  const auto name = call.procedure < procedures_of_v3.size() ? procedures_of_v3[call.procedure] : std::string_view{};
  if (name.empty()) return std::nullopt;
  if (name == "NULL") return call;
  call.handle = take_opaque(reader);
  if (call.handle.size() > handle_most) return std::nullopt;
  if (name == "LOOKUP") call.action = NfsAction::lookup;
  else if (name == "CREATE" || name == "MKDIR") call.action = NfsAction::create;
  const bool named = call.action != NfsAction::other || name == "SYMLINK" || name == "MKNOD" || name == "REMOVE" ||
                     name == "RMDIR" || name == "RENAME";
  if (named) file_name(reader, call);
  if (name == "RENAME") {
    call.action = NfsAction::rename;
    take_opaque(reader);
    call.new_name = take_opaque(reader);
  } else if (name == "READ") {
    call.action = NfsAction::read;
    call.offset = reader.u64();
  } else if (name == "WRITE") {
    static constexpr std::uint32_t file_sync = 2;
    call.action = NfsAction::write;
    call.offset = reader.u64();
    reader.skip(4);
    call.last = reader.u32() == file_sync;
    call.data = take_opaque(reader);
  } else if (name == "COMMIT") {
    call.action = NfsAction::commit;
  }
  if (!reader.ok()) return std::nullopt;
  return call;
}

// One operation of a compound; false: it is not known how it goes on.
bool operation(std::uint32_t kind, ByteReader& reader, NfsCall& call) {
  const auto matters = [&](NfsAction action) {
    if (call.reported) return;
    call.procedure = kind;
    call.action = action;
    call.reported = true;
  };
  switch (kind) {
    case v4::get_handle:
    case v4::put_root:
    case v4::restore_handle:
    case v4::save_handle: return true;
    case v4::access: reader.skip(4); return true;
    case v4::get_attributes: reader.skip(std::size_t{reader.u32()} * 4); return true;
    case v4::sequence: reader.skip(32); return true;
    case v4::put_handle: call.handle = take_opaque(reader); return true;
    case v4::lookup: file_name(reader, call); return true;
    case v4::remove:
      file_name(reader, call);
      matters(NfsAction::other);
      return true;
    case v4::commit:
      reader.skip(12);
      matters(NfsAction::commit);
      return true;
    case v4::close:
      reader.skip(4 + v4::state_size);
      matters(NfsAction::commit);
      return true;
    case v4::read:
      reader.skip(v4::state_size);
      call.offset = reader.u64();
      reader.skip(4);
      matters(NfsAction::read);
      return true;
    case v4::write:
      reader.skip(v4::state_size);
      call.offset = reader.u64();
      reader.skip(4);
      call.data = take_opaque(reader);
      matters(NfsAction::write);
      return true;
    default: return false;
  }
}

std::optional<NfsCall> fourth(NfsCall call, Bytes arguments) {
  call.reported = false;
  if (call.procedure != v4::compound) return call;
  ByteReader reader(arguments);
  take_opaque(reader);  // a tag
  reader.skip(4);       // the minor version
  const std::size_t count = reader.u32();
  if (!reader.ok() || count > v4::operations_most) return std::nullopt;
  for (std::size_t i = 0; i < count && reader.ok(); ++i)
    if (!operation(reader.u32(), reader, call)) return call;
  if (!reader.ok()) return std::nullopt;
  return call;
}

}  // namespace

std::optional<NfsCall> parse_nfs_call(std::uint32_t version, std::uint32_t procedure, Bytes arguments) {
  NfsCall call;
  call.version = version;
  call.procedure = procedure;
  switch (version) {
    case 2: return second(call, arguments);
    case 3: return third(call, arguments);
    case 4: return fourth(call, arguments);
    default: return std::nullopt;
  }
}

std::optional<NfsResult> parse_nfs_result(std::uint32_t version, NfsAction action, Bytes results) {
  static constexpr std::size_t attributes_of_v2 = 68, attributes_of_v3 = 84;
  ByteReader reader(results);
  NfsResult result;
  result.status = reader.u32();
  if (!reader.ok()) return std::nullopt;
  if (result.status != 0 || version == 4) return result;
  if (action == NfsAction::lookup || action == NfsAction::create) {
    if (version == 2) result.handle = reader.take(handle_of_v2);
    else if (action == NfsAction::lookup || reader.u32() == 1) result.handle = take_opaque(reader);
    if (!reader.ok() || result.handle.size() > handle_most) result.handle = {};
  } else if (action == NfsAction::read) {
    if (version == 2) {
      reader.skip(attributes_of_v2);
    } else {
      if (reader.u32() == 1) reader.skip(attributes_of_v3);
      reader.skip(4);
      result.end = reader.u32() != 0;
    }
    result.data = take_opaque(reader);
    if (!reader.ok()) return std::nullopt;
  }
  return result;
}

std::string nfs_procedure_name(std::uint32_t version, std::uint32_t procedure) {
  if (version == 2 && procedure < procedures_of_v2.size()) return std::string(procedures_of_v2[procedure]);
  if (version == 3 && procedure < procedures_of_v3.size()) return std::string(procedures_of_v3[procedure]);
  if (version == 4) {
    switch (procedure) {
      case 0: return "NULL";
      case v4::commit: return "COMMIT";
      case v4::close: return "CLOSE";
      case v4::read: return "READ";
      case v4::write: return "WRITE";
      case v4::remove: return "REMOVE";
      default: break;
    }
  }
  return std::to_string(procedure);
}

std::string nfs_status_name(std::uint32_t status) {
  switch (status) {
    case 0: return "OK";
    case 1: return "ERR_PERM";
    case 2: return "ERR_NOENT";
    case 5: return "ERR_IO";
    case 6: return "ERR_NXIO";
    case 13: return "ERR_ACCESS";
    case 17: return "ERR_EXIST";
    case 18: return "ERR_XDEV";
    case 19: return "ERR_NODEV";
    case 20: return "ERR_NOTDIR";
    case 21: return "ERR_ISDIR";
    case 22: return "ERR_INVAL";
    case 27: return "ERR_FBIG";
    case 28: return "ERR_NOSPC";
    case 30: return "ERR_ROFS";
    case 31: return "ERR_MLINK";
    case 63: return "ERR_NAMETOOLONG";
    case 66: return "ERR_NOTEMPTY";
    case 69: return "ERR_DQUOT";
    case 70: return "ERR_STALE";
    case 10001: return "ERR_BADHANDLE";
    case 10002: return "ERR_NOT_SYNC";
    case 10003: return "ERR_BAD_COOKIE";
    case 10004: return "ERR_NOTSUPP";
    case 10005: return "ERR_TOOSMALL";
    case 10006: return "ERR_SERVERFAULT";
    default: return "UNKNOWN_" + std::to_string(status);
  }
}

}  // namespace tocsin::collectors
