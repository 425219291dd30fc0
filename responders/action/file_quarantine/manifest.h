#pragma once
// What is kept beside a quarantined file so that it can be put back as it was. JSON on disk, written before the file
// moves. Values only.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "collectors/base/result.h"

namespace tocsin::responders {

struct QuarantineManifest {
  std::string key;
  std::string path;
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint32_t owner = 0;
  std::uint32_t group = 0;
  std::uint32_t mode = 0;  // permission bits, with set-id and sticky
  std::int64_t size = 0;
  std::int64_t accessed_seconds = 0, accessed_nanoseconds = 0;
  std::int64_t modified_seconds = 0, modified_nanoseconds = 0;
  std::string sha256;
  std::vector<std::pair<std::string, std::string>> attributes;  // extended, raw bytes

  friend bool operator==(const QuarantineManifest&, const QuarantineManifest&) = default;
};

std::string render_manifest(const QuarantineManifest& manifest);
Result<QuarantineManifest> parse_manifest(std::string_view json);

}  // namespace tocsin::responders
