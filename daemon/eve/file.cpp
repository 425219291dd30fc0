#include "daemon/eve/file.h"

#include <sys/stat.h>

#include <cerrno>

namespace tocsin::daemon {

Result<EveFile> EveFile::create(const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "we");
  if (file == nullptr) return fail_errno("cannot write " + path, errno);
  return EveFile(file, path);
}

void EveFile::write(std::string_view line) {
  if (std::fwrite(line.data(), 1, line.size(), file_.get()) != line.size() || std::fputc('\n', file_.get()) == EOF)
    failed_ = true;
}

Result<void> EveFile::finish() {
  if (std::fflush(file_.get()) != 0 || failed_)
    return fail(Code::exhausted, "cannot write all of " + path_ + "; is the disk full?");
  return {};
}

Result<void> write_kept_file(const std::string& directory, const std::string& digest, std::string_view bytes) {
  if (digest.size() < 2) return fail(Code::invalid, "a kept file needs its digest");
  const std::string folder = directory + '/' + digest.substr(0, 2);
  for (const auto& place : {directory, folder})
    if (::mkdir(place.c_str(), 0750) != 0 && errno != EEXIST) return fail_errno("cannot make " + place, errno);
  const std::string path = folder + '/' + digest;
  struct stat known{};
  if (::stat(path.c_str(), &known) == 0) return {};
  std::FILE* file = std::fopen(path.c_str(), "we");
  if (file == nullptr) return fail_errno("cannot write " + path, errno);
  const bool whole = std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size();
  if (std::fclose(file) != 0 || !whole) return fail(Code::exhausted, "cannot write all of " + path);
  return {};
}

}  // namespace tocsin::daemon
