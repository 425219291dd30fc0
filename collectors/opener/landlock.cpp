// Landlock by raw system calls: Debian 12 has no library for it, and its headers know ABI 2 only.

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include <fmt/format.h>

#include "collectors/base/descriptor.h"
#include "collectors/opener/sandbox_layers.h"

namespace tocsin::collectors {
namespace {

constexpr std::uint64_t truncate_right = 1ULL << 14U;      // ABI 3
constexpr std::uint64_t device_ioctl_right = 1ULL << 15U;  // ABI 5
constexpr std::uint64_t abi_1_rights = (1ULL << 13U) - 1;
constexpr std::uint64_t read_rights = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
// Executing is granted nowhere.
constexpr std::uint64_t write_rights = read_rights | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
                                       LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR |
                                       LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |
                                       LANDLOCK_ACCESS_FS_MAKE_SYM | LANDLOCK_ACCESS_FS_REFER | truncate_right;
constexpr std::uint64_t file_rights = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | truncate_right;

std::uint64_t handled_rights(int abi) noexcept {
  std::uint64_t rights = abi_1_rights;
  if (abi >= 2) rights |= LANDLOCK_ACCESS_FS_REFER;
  if (abi >= 3) rights |= truncate_right;
  if (abi >= 5) rights |= device_ioctl_right;
  return rights;
}

// False when the path is not there.
Result<bool> allow_path(int ruleset, const std::string& path, std::uint64_t rights) {
  const OwnedDescriptor target(::open(path.c_str(), O_PATH | O_CLOEXEC));
  if (!target) {
    if (errno == ENOENT || errno == EACCES || errno == ENOTDIR) return false;
    return fail_errno("cannot open " + path + " for the file sandbox", errno);
  }
  struct stat info{};
  if (::fstat(target.get(), &info) != 0) return fail_errno("cannot examine " + path, errno);
  if (!S_ISDIR(info.st_mode)) rights &= file_rights;
  landlock_path_beneath_attr rule{};
  rule.allowed_access = rights;
  rule.parent_fd = target.get();
  if (::syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0)
    return fail_errno("cannot allow " + path + " in the file sandbox", errno);
  return true;
}

}  // namespace

int landlock_abi() noexcept {
  const auto abi = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  return abi > 0 ? static_cast<int>(abi) : 0;
}

Result<SandboxLayer> apply_landlock(const SandboxPolicy& policy) {
  const int abi = landlock_abi();
  if (abi == 0)
    return SandboxLayer{"landlock", LayerState::off,
                        "this kernel has none, its lsm= list leaves it out, or a container forbids it"};
  landlock_ruleset_attr attributes{};
  attributes.handled_access_fs = handled_rights(abi);
  const OwnedDescriptor ruleset(
      static_cast<int>(::syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0)));
  if (!ruleset) return fail_errno("cannot make a file sandbox", errno);
  std::size_t allowed = 0;
  std::string missing;
  const auto allow_all = [&](const std::vector<std::string>& paths, std::uint64_t rights,
                             bool say_missing) -> Result<void> {
    for (const auto& path : paths) {
      TOCSIN_TRY(const bool there, allow_path(ruleset.get(), path, rights & attributes.handled_access_fs));
      if (there) ++allowed;
      else if (say_missing) missing += (missing.empty() ? "; not there: " : ", ") + path;
    }
    return {};
  };
  TOCSIN_CHECK(allow_all(system_read_only_paths(), read_rights, false));
  TOCSIN_CHECK(allow_all(policy.read_only, read_rights, true));
  TOCSIN_CHECK(allow_all(policy.read_write, write_rights, true));
  if (::syscall(SYS_landlock_restrict_self, ruleset.get(), 0) != 0)
    return fail_errno("cannot enter the file sandbox", errno);
  return SandboxLayer{"landlock", LayerState::active, fmt::format("ABI {}, {} paths{}", abi, allowed, missing)};
}

}  // namespace tocsin::collectors
