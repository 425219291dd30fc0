#include "responders/playbook/command/credentials.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

#include "collectors/base/descriptor.h"

namespace tocsin::responders {
namespace {

constexpr std::size_t part_bytes_most = 64U << 10U;

bool is_plain_name(std::string_view name) noexcept {
  return !name.empty() && name.size() <= 128 && name.front() != '.' &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '_' ||
                  c == '-';
         });
}

Result<void> check_owner(const struct stat& status, std::string_view what, mode_t forbidden) {
  if (status.st_uid != 0 && status.st_uid != ::geteuid())
    return fail(Code::denied, fmt::format("{} belongs to uid {}; give it to root or to us", what, status.st_uid));
  if ((status.st_mode & forbidden) != 0)
    return fail(Code::denied,
                fmt::format("{} has mode {:04o}; others must not {}: chmod {}", what, status.st_mode & 07777U,
                            forbidden == 077 ? "read it" : "write into it", forbidden == 077 ? "600" : "go-w"));
  return {};
}

Result<OwnedDescriptor> open_part(const std::string& directory, std::string_view identifier, std::string_view part) {
  if (directory.empty()) return fail(Code::denied, "there is no key store; name one as `credentials` in the policy");
  if (!is_plain_name(identifier))
    return fail(Code::usage, "the key identifier is no plain name of letters, digits, '.', '_' and '-'");
  struct stat status{};
  // The store may itself be reached through a link; what is in it may not.
  const OwnedDescriptor store(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!store || ::fstat(store.get(), &status) != 0) return fail_errno("cannot open the key store " + directory, errno);
  TOCSIN_CHECK(check_owner(status, directory, 022));
  const std::string name(identifier);
  const OwnedDescriptor folder(::openat(store.get(), name.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!folder || ::fstat(folder.get(), &status) != 0)
    return fail(Code::not_found, fmt::format("the key store {} has no {}", directory, name));
  TOCSIN_CHECK(check_owner(status, fmt::format("{}/{}", directory, name), 022));
  OwnedDescriptor file(
      ::openat(folder.get(), std::string(part).c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  if (!file || ::fstat(file.get(), &status) != 0)
    return fail(errno == ENOENT ? Code::not_found : Code::denied,
                fmt::format("the key store has no {}/{} that can be read", name, part));
  if (!S_ISREG(status.st_mode)) return fail(Code::denied, fmt::format("{}/{} is no plain file", name, part));
  TOCSIN_CHECK(check_owner(status, fmt::format("{}/{}/{}", directory, name, part), 077));
  return file;
}

}  // namespace

Result<std::string> Credentials::read(std::string_view identifier, std::string_view part) const {
  TOCSIN_TRY(const OwnedDescriptor file, open_part(directory_, identifier, part));
  auto text = read_all(file.get(), part_bytes_most);
  if (!text) return fail_errno("cannot read a credential", errno);
  if (text->size() > part_bytes_most) return fail(Code::exhausted, "a credential is longer than 64 KiB");
  while (text->ends_with('\n') || text->ends_with('\r')) text->pop_back();
  return std::move(*text);
}

Result<std::string> Credentials::path(std::string_view identifier, std::string_view part) const {
  TOCSIN_TRY([[maybe_unused]] const OwnedDescriptor file, open_part(directory_, identifier, part));
  return fmt::format("{}/{}/{}", directory_, identifier, part);
}

}  // namespace tocsin::responders
