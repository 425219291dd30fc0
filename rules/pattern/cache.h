#pragma once
// Compiled databases kept on disk, so that the next start need not compile them. A file is named by the SHA-256 of all
// that went into its database (patterns, flags, library, processor) and begins with the SHA-256 of the rest: a damaged
// file is compiled anew. Any thread; several processes may share the directory.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "collectors/base/bytes.h"

namespace tocsin::rules {

class PatternCache {
 public:
  // `directory` is made when it is missing. It is used only while it belongs to this user and nobody else may write
  // there: what is read from it is run on every packet. `bytes_most`: the longest unused files go first.
  explicit PatternCache(std::string directory, std::uint64_t bytes_most = 256U << 20);

  // Nothing: not there, or not trusted. `key` is hexadecimal.
  std::optional<std::vector<std::uint8_t>> read(const std::string& key) const;
  // Failures cost the next start some time and are not said.
  void write(const std::string& key, Bytes bytes) const;

 private:
  void make_room() const;

  std::string directory_;
  std::uint64_t bytes_most_;
  bool usable_ = false;
};

}  // namespace tocsin::rules
