#pragma once
// The privileged opener, for several threads: log files for the tails, rings for those who watch packets.

#include <mutex>

#include "collectors/log/tail/file_opener.h"
#include "collectors/opener/client.h"

namespace tocsin::daemon {

class OpenedFiles final : public collectors::FileOpener {
 public:
  explicit OpenedFiles(collectors::OpenerClient& opener) : opener_(opener) {}
  Result<int> open(const std::filesystem::path& path) override {
    const std::lock_guard lock(mutex_);
    TOCSIN_TRY(auto descriptor, opener_.open_log(path.string()));
    return descriptor.release();
  }
  Result<std::vector<std::filesystem::path>> list(const std::string& glob) override {
    const std::lock_guard lock(mutex_);
    TOCSIN_TRY(const auto names, opener_.list_logs(glob));
    return std::vector<std::filesystem::path>(names.begin(), names.end());
  }
  Result<std::vector<collectors::OpenedRing>> open_rings(const collectors::RingRequest& request) {
    const std::lock_guard lock(mutex_);
    return opener_.open_rings(request);
  }

 private:
  std::mutex mutex_;
  collectors::OpenerClient& opener_;
};

}  // namespace tocsin::daemon
