#include "responders/action/kept/before.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include <fmt/format.h>

#include "collectors/base/digest.h"
#include "responders/action/file_quarantine/files.h"

namespace tocsin::responders {
namespace {

std::string name_of(const std::string& target) { return render_digest(sha256(as_bytes(target))).substr(0, 32); }

}  // namespace

Result<std::optional<std::string>> Before::read(const std::string& target) const {
  struct stat status{};
  const std::string path = fmt::format("{}/{}", directory_, name_of(target));
  // Half of one, that a crash left.
  ::unlink((path + ".new").c_str());
  if (::lstat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) return std::optional<std::string>();
    return fail_errno(fmt::format("cannot look into {}", directory_), errno);
  }
  TOCSIN_TRY(const OwnedDescriptor directory, open_directory(directory_));
  TOCSIN_TRY(std::string text, read_small_file(directory.get(), name_of(target)));
  return std::optional<std::string>(std::move(text));
}

Result<void> Before::keep(const std::string& target, const std::string& text) const {
  if (::mkdir(directory_.c_str(), 0700) != 0 && errno != EEXIST)
    return fail_errno(fmt::format("cannot make {}", directory_), errno);
  TOCSIN_TRY(const OwnedDescriptor directory, open_directory(directory_));
  return write_file(directory.get(), name_of(target), text);
}

Result<void> Before::forget(const std::string& target) const {
  if (::unlink(fmt::format("{}/{}", directory_, name_of(target)).c_str()) != 0 && errno != ENOENT)
    return fail_errno(fmt::format("cannot forget what was before in {}", directory_), errno);
  return {};
}

}  // namespace tocsin::responders
