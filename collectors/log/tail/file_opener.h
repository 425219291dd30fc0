#pragma once
// How a tail gets at files. In the daemon the privileged opener's client implements it; tests and replays open
// directly.

#include <filesystem>
#include <string>
#include <vector>

#include "collectors/base/result.h"

namespace tocsin::collectors {

class FileOpener {
 public:
  virtual ~FileOpener() = default;
  // A descriptor for reading that the caller closes. not_found, denied, failure.
  virtual Result<int> open(const std::filesystem::path& path) = 0;
  // Paths that match, sorted. A pattern that matches nothing gives an empty list.
  virtual Result<std::vector<std::filesystem::path>> list(const std::string& glob) = 0;
};

// With this process's own rights.
class DirectOpener final : public FileOpener {
 public:
  Result<int> open(const std::filesystem::path& path) override;
  Result<std::vector<std::filesystem::path>> list(const std::string& glob) override;
};

}  // namespace tocsin::collectors
