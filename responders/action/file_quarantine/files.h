#pragma once
// Files by descriptor: opened without following links, hashed, copied, described and given their attributes back.
// Linux calls only; every function says what failed. Any thread.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "collectors/base/descriptor.h"
#include "collectors/base/result.h"
#include "responders/action/file_quarantine/manifest.h"

namespace tocsin::responders {

inline constexpr std::int64_t quarantine_bytes_most = 1LL << 30U;

struct OpenedFile {
  OwnedDescriptor directory;  // of the parent
  OwnedDescriptor file;
  std::string name;  // last component
};

// openat2(2) with RESOLVE_NO_SYMLINKS: no component may be a symbolic link (denied), so that nobody can put another
// file under the path between detection and response. Regular files up to 1 GiB only.
Result<OpenedFile> open_regular(const std::string& path);
Result<OwnedDescriptor> open_directory(const std::string& path);
Result<OwnedDescriptor> make_directory(int parent, const std::string& name);

Result<std::string> hash_file(int descriptor);  // SHA-256 in hexadecimal, from the start
Result<void> copy_file(int from, int to);       // whole content, then fsync
Result<QuarantineManifest> describe_file(int descriptor, std::string path);
// Owner, mode, extended attributes, times: in the order that keeps each. partial when some attribute was refused.
Result<void> restore_attributes(int descriptor, const QuarantineManifest& manifest);

Result<void> write_file(int directory, const std::string& name, std::string_view content);  // durable, replaces
Result<std::string> read_small_file(int directory, const std::string& name);                // at most 1 MiB
Result<void> sync_directory(int directory);
bool is_same_file(int directory, const std::string& name, std::uint64_t device, std::uint64_t inode);

}  // namespace tocsin::responders
