#include "daemon/app/live/dataset_keeper.h"

#include <filesystem>

#include <fmt/format.h>

#include "collectors/base/descriptor.h"

namespace tocsin::daemon {

void DatasetKeeper::save(const Engines& engines) {
  const std::lock_guard lock(mutex_);
  for (const auto& active : engines.active())
    for (const auto& file : active.set->data_files()) save_one(file);
}

void DatasetKeeper::save_seldom(const Engines& engines, Time now) {
  {
    const std::lock_guard lock(mutex_);
    if (last_ == Time{}) last_ = now;
    if (now - last_ < every) return;
    last_ = now;
  }
  save(engines);
}

void DatasetKeeper::save_one(const rules::DataFile& file) {
  const auto found = saved_.find(file.path);
  if (file.changes == (found == saved_.end() ? 0 : found->second)) return;
  if (file.bytes > file_most)
    return log_.limited(LogLevel::warning, "datasets",
                        fmt::format("{} is not written: the set is larger than {} MiB", file.path, file_most >> 20));
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(file.path).parent_path(), error);
  const auto text = file.text();
  if (auto done = replace_file(file.path, as_bytes(text), 0640); !done)
    return log_.limited(LogLevel::warning, "datasets", "a data set is not written: " + done.error().text());
  saved_[file.path] = file.changes;
}

}  // namespace tocsin::daemon
