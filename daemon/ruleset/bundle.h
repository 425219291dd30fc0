#pragma once
// The files of a rule set as they came from outside: a directory, an archive, or what a server sent. Hostile until
// proven: names, kinds, sizes and numbers are bounded, and an archive that holds anything but plain files is refused as
// a whole. Nothing is written here. Any thread.

#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/bytes.h"
#include "collectors/base/result.h"

namespace tocsin::daemon {

struct BundleFile {
  std::string name;  // relative, "rules/web.rules"
  std::string text;
};

struct RuleBundle {
  std::vector<BundleFile> files;      // in name order
  std::size_t ignored = 0;            // files that are no rules and nothing that rules read
  std::vector<std::string> left_out;  // what a set may not bring: tuning.yaml, threshold.config
};

struct BundleLimits {
  std::uint64_t bytes = 256U << 20;    // of all files, unpacked
  std::uint64_t file = 64U << 20;      // of one
  std::size_t files = 10'000;          // entries of the archive or directory, used or not
  std::uint64_t archive = 128U << 20;  // as it comes
};

// ".." and absolute names, control characters, more than 8 folders, more than 200 bytes: not good.
bool good_bundle_name(std::string_view name) noexcept;

// tar (plain, gzip, zstd, xz, bzip2) or zip. invalid: no archive, or one that must not be unpacked; exhausted: a limit.
Result<RuleBundle> unpack_bundle(Bytes archive, const BundleLimits& limits = {});
// A directory (links are not followed) or an archive.
Result<RuleBundle> read_bundle(const std::string& path, const BundleLimits& limits = {});

}  // namespace tocsin::daemon
