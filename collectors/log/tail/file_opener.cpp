#include "collectors/log/tail/file_opener.h"

#include <fcntl.h>
#include <glob.h>

#include <cerrno>

namespace tocsin::collectors {

Result<int> DirectOpener::open(const std::filesystem::path& path) {
  // O_NONBLOCK: opening a FIFO somebody put in place of a log must not hang us.
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (descriptor < 0) return fail_errno("cannot open " + path.string(), errno);
  return descriptor;
}

Result<std::vector<std::filesystem::path>> DirectOpener::list(const std::string& pattern) {
  glob_t found{};
  const int code = ::glob(pattern.c_str(), 0, nullptr, &found);
  std::vector<std::filesystem::path> out;
  if (code == 0)
    for (std::size_t i = 0; i < found.gl_pathc; ++i) out.emplace_back(found.gl_pathv[i]);
  ::globfree(&found);
  if (code != 0 && code != GLOB_NOMATCH) return fail(Code::failure, "cannot list " + pattern);
  return out;
}

}  // namespace tocsin::collectors
