#include "responders/action/accounts/replace.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>

#include <fmt/format.h>

#include "collectors/base/text.h"
#include "responders/action/file_quarantine/files.h"

namespace tocsin::responders {

Result<HostFile> read_host_file(const std::string& path) {
  TOCSIN_TRY(const OpenedFile opened, open_regular(path));
  HostFile out;
  TOCSIN_TRY(out.state, describe_file(opened.file.get(), path));
  if (out.state.size > static_cast<std::int64_t>(host_file_bytes_most))
    return fail(Code::exhausted, fmt::format("{} is larger than 1 MiB", escape_terminal(path)));
  TOCSIN_TRY(out.content, read_small_file(opened.directory.get(), opened.name));
  return out;
}

Result<void> replace_host_file(const std::string& path, const std::string& content, const QuarantineManifest& state,
                               Times times, const std::string& expected_sha256) {
  TOCSIN_TRY(const OpenedFile old, open_regular(path));
  TOCSIN_TRY(const std::string digest, hash_file(old.file.get()));
  if (digest != expected_sha256)
    return fail(Code::conflict, fmt::format("{} was changed by somebody meanwhile", escape_terminal(path)));
  const std::string aside = ".tocsin-new." + old.name;
  ::unlinkat(old.directory.get(), aside.c_str(), 0);
  const OwnedDescriptor file(
      ::openat(old.directory.get(), aside.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file) return fail_errno(fmt::format("cannot write beside {}", escape_terminal(path)), errno);
  if (!write_all(file.get(), as_bytes(content))) return fail_errno("cannot write", errno);
  TOCSIN_CHECK(restore_attributes(file.get(), state));
  if (times == Times::fresh)
    if (const std::array<timespec, 2> now{{{0, UTIME_NOW}, {0, UTIME_NOW}}}; ::futimens(file.get(), now.data()) != 0)
      return fail_errno("cannot give the file its time", errno);
  if (::fsync(file.get()) != 0) return fail_errno("cannot make the file durable", errno);
  if (::renameat(old.directory.get(), aside.c_str(), old.directory.get(), old.name.c_str()) != 0)
    return fail_errno(fmt::format("cannot replace {}", escape_terminal(path)), errno);
  return sync_directory(old.directory.get());
}

}  // namespace tocsin::responders
