#pragma once
// A file of the system's, read and replaced whole: the new one has owner, mode and extended attributes of the old one,
// and is there at once or not at all. No symbolic link is followed. Any thread.

#include <string>

#include "collectors/base/result.h"
#include "responders/action/file_quarantine/manifest.h"

namespace tocsin::responders {

struct HostFile {
  std::string content;
  QuarantineManifest state;  // owner, mode, attributes, times, digest
};
inline constexpr std::size_t host_file_bytes_most = 1U << 20U;

Result<HostFile> read_host_file(const std::string& path);
enum class Times : std::uint8_t { fresh, of_state };
// conflict: the file is another than when it was read.
Result<void> replace_host_file(const std::string& path, const std::string& content, const QuarantineManifest& state,
                               Times times, const std::string& expected_sha256);

}  // namespace tocsin::responders
