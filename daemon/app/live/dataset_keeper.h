#pragma once
// Files of the data sets that rules save (`dataset: …, save` and `state`): written where the store is, as a whole or
// not at all, and only those that rules changed since. Any thread.

#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "collectors/base/log.h"
#include "daemon/app/engines.h"

namespace tocsin::daemon {

class DatasetKeeper {
 public:
  // A larger set stays in memory only, and that is said.
  static constexpr std::uint64_t file_most = 64ULL << 20;
  static constexpr Duration every = std::chrono::minutes{5};

  explicit DatasetKeeper(Log& log) : log_(log) {}

  void save(const Engines& engines);
  // The same, when the last time is long enough ago.
  void save_seldom(const Engines& engines, Time now);

 private:
  void save_one(const rules::DataFile& file);

  Log& log_;
  std::mutex mutex_;
  std::map<std::string, std::uint64_t, std::less<>> saved_;  // path → changes of what is written there
  Time last_{};
};

}  // namespace tocsin::daemon
