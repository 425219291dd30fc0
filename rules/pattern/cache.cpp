#include "rules/pattern/cache.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "collectors/base/descriptor.h"
#include "collectors/base/digest.h"

namespace tocsin::rules {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view suffix = ".hsdb";
constexpr std::size_t one_most = std::size_t{128} << 20;

bool ours(const struct stat& status) {
  return status.st_uid == ::geteuid() && (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

}  // namespace

PatternCache::PatternCache(std::string directory, std::uint64_t bytes_most)
    : directory_(std::move(directory)), bytes_most_(bytes_most) {
  std::error_code error;
  const auto above = fs::path(directory_).parent_path();
  if (!above.empty()) fs::create_directories(above, error);
  if (::mkdir(directory_.c_str(), 0700) != 0 && errno != EEXIST) return;
  struct stat status{};
  usable_ = ::lstat(directory_.c_str(), &status) == 0 && S_ISDIR(status.st_mode) && ours(status);
}

std::optional<std::vector<std::uint8_t>> PatternCache::read(const std::string& key) const {
  if (!usable_) return std::nullopt;
  const auto path = directory_ + "/" + key + std::string(suffix);
  const OwnedDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat status{};
  if (!file || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode) || !ours(status)) return std::nullopt;
  Sha256 digest;
  const auto size = static_cast<std::size_t>(std::max<off_t>(status.st_size, 0));
  if (size <= digest.size() || size > one_most) return std::nullopt;
  std::vector<std::uint8_t> bytes(size - digest.size());
  if (!read_exactly(file.get(), digest) || !read_exactly(file.get(), bytes) || sha256(bytes) != digest)
    return std::nullopt;
  ::futimens(file.get(), nullptr);  // used just now: the last to go
  return bytes;
}

void PatternCache::write(const std::string& key, Bytes bytes) const {
  if (!usable_ || bytes.size() > one_most) return;
  const auto path = directory_ + "/" + key + std::string(suffix);
  auto draft = path + ".XXXXXX";
  const OwnedDescriptor file(::mkostemp(draft.data(), O_CLOEXEC));
  if (!file) return;
  const bool whole = write_all(file.get(), sha256(bytes)) && write_all(file.get(), bytes);
  if (!whole || ::rename(draft.c_str(), path.c_str()) != 0) ::unlink(draft.c_str());
  else make_room();
}

void PatternCache::make_room() const {
  struct Kept {
    fs::file_time_type used;
    std::uint64_t size;
    fs::path path;
  };
  std::vector<Kept> files;
  std::uint64_t total = 0;
  std::error_code error;
  for (fs::directory_iterator at(directory_, error), end; !error && at != end; at.increment(error)) {
    if (at->path().filename().native().find(suffix) == std::string::npos) continue;
    std::error_code gone;
    const auto size = at->file_size(gone);
    const auto used = gone ? fs::file_time_type{} : at->last_write_time(gone);
    if (gone) continue;
    files.push_back({used, size, at->path()});
    total += size;
  }
  std::ranges::sort(files, {}, &Kept::used);
  for (const auto& file : files) {
    if (total <= bytes_most_) return;
    fs::remove(file.path, error);
    total -= file.size;
  }
}

}  // namespace tocsin::rules
