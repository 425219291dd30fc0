#include "responders/action/file_quarantine/files.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <vector>

#include <fmt/format.h>

#include "collectors/base/digest.h"
#include "collectors/base/text.h"

namespace tocsin::responders {
namespace {

constexpr std::size_t chunk_bytes = 256U << 10U;

Result<OwnedDescriptor> open_plainly(int directory, const std::string& path, std::uint64_t flags) {
  open_how how{};
  how.flags = flags | O_CLOEXEC;
  how.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  const long descriptor = syscall(SYS_openat2, directory, path.c_str(), &how, sizeof how);
  if (descriptor >= 0) return OwnedDescriptor(static_cast<int>(descriptor));
  const int reason = errno;
  // O_DIRECTORY on a link says ENOTDIR.
  if (reason == ELOOP || reason == ENOTDIR)
    return fail(Code::denied,
                fmt::format("{} goes through a symbolic link or no folder; name the real path", escape_terminal(path)));
  return fail_errno(fmt::format("cannot open {}", escape_terminal(path)), reason);
}

Result<void> write_to(int descriptor, std::string_view content) {
  if (!write_all(descriptor, as_bytes(content))) return fail_errno("cannot write", errno);
  return {};
}

template <class Sink>
Result<void> read_chunks(int descriptor, Sink sink) {
  std::vector<char> buffer(chunk_bytes);
  off_t offset = 0;
  while (true) {
    const ssize_t got = ::pread(descriptor, buffer.data(), buffer.size(), offset);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno("cannot read", errno);
    if (got == 0) return {};
    TOCSIN_CHECK(sink(std::string_view(buffer.data(), static_cast<std::size_t>(got))));
    offset += got;
    if (offset > quarantine_bytes_most) return fail(Code::exhausted, "the file is larger than 1 GiB");
  }
}

void read_attributes(int descriptor, QuarantineManifest& manifest) {
  std::vector<char> names(64U << 10U);
  const ssize_t size = ::flistxattr(descriptor, names.data(), names.size());
  for (ssize_t at = 0; at < size;) {
    const std::string name(names.data() + at);
    at += static_cast<ssize_t>(name.size()) + 1;
    std::string value(64U << 10U, '\0');
    const ssize_t length = ::fgetxattr(descriptor, name.c_str(), value.data(), value.size());
    if (length < 0) continue;
    value.resize(static_cast<std::size_t>(length));
    manifest.attributes.emplace_back(name, std::move(value));
  }
}

}  // namespace

Result<OpenedFile> open_regular(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  OpenedFile out;
  out.name = path.substr(slash + 1);
  if (slash == std::string::npos || out.name.empty() || out.name == "." || out.name == "..")
    return fail(Code::invalid, "the path does not name a file");
  TOCSIN_TRY(out.directory, open_directory(slash == 0 ? "/" : path.substr(0, slash)));
  // O_NONBLOCK: opening a FIFO or a device must not hang the responder. O_NOATIME: looking must leave no trace; the
  // kernel grants it to the owner and to CAP_FOWNER.
  constexpr std::uint64_t flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
  auto file = open_plainly(out.directory.get(), out.name, flags | O_NOATIME);
  if (!file && file.error().code == Code::denied) file = open_plainly(out.directory.get(), out.name, flags);
  if (!file) return std::unexpected(std::move(file).error());
  out.file = std::move(*file);
  struct stat status{};
  if (::fstat(out.file.get(), &status) != 0) return fail_errno("cannot look at the file", errno);
  if (!S_ISREG(status.st_mode))
    return fail(Code::denied, fmt::format("{} is not a regular file", escape_terminal(path)));
  if (status.st_size > quarantine_bytes_most) return fail(Code::exhausted, "the file is larger than 1 GiB");
  return out;
}

Result<OwnedDescriptor> open_directory(const std::string& path) {
  return open_plainly(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}

Result<OwnedDescriptor> make_directory(int parent, const std::string& name) {
  if (::mkdirat(parent, name.c_str(), 0700) != 0 && errno != EEXIST)
    return fail_errno(fmt::format("cannot make the directory {}", escape_terminal(name)), errno);
  return open_plainly(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}

Result<std::string> hash_file(int descriptor) {
  Sha256Stream digest;
  TOCSIN_CHECK(read_chunks(descriptor, [&](std::string_view chunk) -> Result<void> {
    digest.update(as_bytes(chunk));
    return {};
  }));
  return render_digest(digest.finish());
}

Result<void> copy_file(int from, int to) {
  TOCSIN_CHECK(read_chunks(from, [&](std::string_view chunk) { return write_to(to, chunk); }));
  if (::fsync(to) != 0) return fail_errno("cannot make the copy durable", errno);
  return {};
}

Result<QuarantineManifest> describe_file(int descriptor, std::string path) {
  struct stat status{};
  if (::fstat(descriptor, &status) != 0) return fail_errno("cannot look at the file", errno);
  QuarantineManifest m;
  m.path = std::move(path);
  m.device = status.st_dev;
  m.inode = status.st_ino;
  m.owner = status.st_uid;
  m.group = status.st_gid;
  m.mode = status.st_mode & 07777U;
  m.size = status.st_size;
  m.accessed_seconds = status.st_atim.tv_sec;
  m.accessed_nanoseconds = status.st_atim.tv_nsec;
  m.modified_seconds = status.st_mtim.tv_sec;
  m.modified_nanoseconds = status.st_mtim.tv_nsec;
  read_attributes(descriptor, m);
  TOCSIN_TRY(m.sha256, hash_file(descriptor));
  return m;
}

Result<void> restore_attributes(int descriptor, const QuarantineManifest& m) {
  if (::fchown(descriptor, m.owner, m.group) != 0) return fail_errno("cannot give the file its owner back", errno);
  if (::fchmod(descriptor, m.mode) != 0) return fail_errno("cannot give the file its mode back", errno);
  std::string refused;
  for (const auto& [name, value] : m.attributes)
    if (::fsetxattr(descriptor, name.c_str(), value.data(), value.size(), 0) != 0 && refused.empty()) refused = name;
  const std::array<timespec, 2> times{
      {{m.accessed_seconds, m.accessed_nanoseconds}, {m.modified_seconds, m.modified_nanoseconds}}};
  if (::futimens(descriptor, times.data()) != 0) return fail_errno("cannot give the file its times back", errno);
  if (!refused.empty())
    return fail(Code::partial, fmt::format("the extended attribute {} was refused", escape_terminal(refused)));
  return {};
}

Result<void> write_file(int directory, const std::string& name, std::string_view content) {
  const std::string partial = name + ".new";
  ::unlinkat(directory, partial.c_str(), 0);
  const OwnedDescriptor file(
      ::openat(directory, partial.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (file.get() < 0) return fail_errno(fmt::format("cannot write {}", name), errno);
  TOCSIN_CHECK(write_to(file.get(), content));
  if (::fsync(file.get()) != 0) return fail_errno(fmt::format("cannot make {} durable", name), errno);
  if (::renameat(directory, partial.c_str(), directory, name.c_str()) != 0)
    return fail_errno(fmt::format("cannot write {}", name), errno);
  return sync_directory(directory);
}

Result<std::string> read_small_file(int directory, const std::string& name) {
  TOCSIN_TRY(const OwnedDescriptor file, open_plainly(directory, name, O_RDONLY | O_NOFOLLOW));
  std::string out;
  TOCSIN_CHECK(read_chunks(file.get(), [&](std::string_view chunk) -> Result<void> {
    if (out.size() + chunk.size() > (1U << 20U)) return fail(Code::exhausted, "the file is larger than 1 MiB");
    out += chunk;
    return {};
  }));
  return out;
}

Result<void> sync_directory(int directory) {
  if (::fsync(directory) != 0) return fail_errno("cannot make a directory durable", errno);
  return {};
}

bool is_same_file(int directory, const std::string& name, std::uint64_t device, std::uint64_t inode) {
  struct stat status{};
  return ::fstatat(directory, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 && status.st_dev == device &&
         status.st_ino == inode;
}

}  // namespace tocsin::responders
