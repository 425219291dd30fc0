#pragma once
// What a call of NFS asks for: versions 2 (RFC 1094), 3 (RFC 1813) and 4 (RFC 7530, RFC 8881), as far as records and
// files need it.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/bytes.h"

namespace tocsin::collectors {

// The procedures of all versions under one name each.
enum class NfsAction : std::uint8_t { other, lookup, create, read, write, rename, commit };

struct NfsCall {
  std::uint32_t version = 0;
  std::uint32_t procedure = 0;  // of version 4: the operation that matters
  NfsAction action = NfsAction::other;
  Bytes handle;  // of the file or folder
  Bytes name;
  Bytes new_name;
  std::uint64_t offset = 0;
  Bytes data;            // of a write
  bool last = false;     // it is on the disk when answered
  bool reported = true;  // worth a transaction
};
// Nothing when the arguments do not fit the procedure. The views are into `arguments`.
std::optional<NfsCall> parse_nfs_call(std::uint32_t version, std::uint32_t procedure, Bytes arguments);

struct NfsResult {
  std::uint32_t status = 0;
  Bytes handle;  // of what was looked up or made
  Bytes data;    // of a read
  bool end = false;
};
std::optional<NfsResult> parse_nfs_result(std::uint32_t version, NfsAction action, Bytes results);

std::string nfs_procedure_name(std::uint32_t version, std::uint32_t procedure);
std::string nfs_status_name(std::uint32_t status);

}  // namespace tocsin::collectors
