#include "responders/guard/confine.h"

#include <cap-ng.h>
#include <linux/sched.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include <fmt/format.h>

namespace tocsin::responders {
namespace {

constexpr std::array<unsigned, 7> kept{CAP_NET_ADMIN, CAP_DAC_OVERRIDE, CAP_FOWNER,    CAP_CHOWN,
                                       CAP_FSETID,    CAP_KILL,         CAP_SYS_PTRACE};

// Names, so that an older kernel or another architecture only lacks some.
constexpr std::array allowed{"accept4",
                             "access",
                             "bind",
                             "brk",
                             "clock_getres",
                             "clock_gettime",
                             "clock_nanosleep",
                             "close",
                             "close_range",
                             "connect",
                             "dup",
                             "dup2",
                             "dup3",
                             "epoll_create1",
                             "epoll_ctl",
                             "epoll_pwait",
                             "epoll_wait",
                             "eventfd2",
                             "exit",
                             "exit_group",
                             "faccessat",
                             "faccessat2",
                             "fadvise64",
                             "fallocate",
                             "fchmod",
                             "fchmodat",
                             "fchown",
                             "fchownat",
                             "fcntl",
                             "fdatasync",
                             "fgetxattr",
                             "flistxattr",
                             "flock",
                             "fsetxattr",
                             "fstat",
                             "fstatfs",
                             "fsync",
                             "ftruncate",
                             "futex",
                             "getcwd",
                             "getdents64",
                             "getegid",
                             "geteuid",
                             "getgid",
                             "getgroups",
                             "getpeername",
                             "getpid",
                             "getppid",
                             "getrandom",
                             "getrlimit",
                             "getsockname",
                             "getsockopt",
                             "gettid",
                             "getuid",
                             "getxattr",
                             "ioctl",
                             "lgetxattr",
                             "listxattr",
                             "llistxattr",
                             "lseek",
                             "lstat",
                             "madvise",
                             "memfd_create",
                             "mkdir",
                             "mkdirat",
                             "mmap",
                             "mprotect",
                             "mremap",
                             "munmap",
                             "nanosleep",
                             "newfstatat",
                             "open",
                             "openat",
                             "openat2",
                             "pidfd_open",
                             "pidfd_send_signal",
                             "pipe2",
                             "poll",
                             "ppoll",
                             "prctl",
                             "pread64",
                             "prlimit64",
                             "pselect6",
                             "pwrite64",
                             "read",
                             "readlink",
                             "readlinkat",
                             "readv",
                             "recvfrom",
                             "recvmmsg",
                             "recvmsg",
                             "rename",
                             "renameat",
                             "renameat2",
                             "restart_syscall",
                             "rseq",
                             "rt_sigaction",
                             "rt_sigprocmask",
                             "rt_sigreturn",
                             "rt_sigtimedwait",
                             "sched_getaffinity",
                             "sched_yield",
                             "select",
                             "sendmmsg",
                             "sendmsg",
                             "sendto",
                             "set_robust_list",
                             "setsockopt",
                             "shutdown",
                             "sigaltstack",
                             "signalfd4",
                             "socket",
                             "socketpair",
                             "stat",
                             "statfs",
                             "statx",
                             "symlinkat",
                             "sysinfo",
                             "tgkill",
                             "time",
                             "timerfd_create",
                             "timerfd_settime",
                             "umask",
                             "uname",
                             "unlink",
                             "unlinkat",
                             "utimensat",
                             "write",
                             "writev"};

std::string missing(std::initializer_list<std::pair<unsigned, const char*>> capabilities) {
  for (const auto& [number, name] : capabilities)
    if (capng_have_capability(CAPNG_EFFECTIVE, number) == 0)
      return fmt::format("needs {}, which this process has not", name);
  return {};
}

Result<void> load_filter(scmp_filter_ctx filter) {
  for (const char* name : allowed) {
    const int number = seccomp_syscall_resolve_name(name);
    if (number == __NR_SCMP_ERROR) continue;
    if (seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0) != 0)
      return fail(Code::failure, fmt::format("cannot allow the system call {}", name));
  }
  // Threads (the resolver of libcurl), never processes. glibc falls back to clone when clone3 is not there.
  if (seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
                       SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD)) != 0 ||
      seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0) != 0)
    return fail(Code::failure, "cannot limit clone to threads");
  if (const int status = seccomp_load(filter); status != 0)
    return fail_errno("cannot load the system call filter", -status);
  return {};
}

}  // namespace

Abilities read_abilities() {
  capng_get_caps_process();
  Abilities out;
  out.network_admin = missing({{CAP_NET_ADMIN, "CAP_NET_ADMIN"}});
  out.process_control = missing({{CAP_KILL, "CAP_KILL"}});
  if (!out.process_control.empty()) out.process_control += "; it can only reach processes of its own user";
  out.process_memory = missing({{CAP_SYS_PTRACE, "CAP_SYS_PTRACE"}});
  if (!out.process_memory.empty()) out.process_memory += "; it can only read processes of its own user";
  // A user may quarantine files of his own; what he may not is said when it is tried.
  out.file_owner =
      missing({{CAP_DAC_OVERRIDE, "CAP_DAC_OVERRIDE"}, {CAP_FOWNER, "CAP_FOWNER"}, {CAP_CHOWN, "CAP_CHOWN"}});
  if (!out.file_owner.empty()) out.file_owner += "; it can only take files of its own user";
  return out;
}

const std::string& Abilities::why_not(Capability capability) const noexcept {
  static const std::string none;
  return capability == Capability::network_admin     ? network_admin
         : capability == Capability::file_owner      ? file_owner
         : capability == Capability::process_control ? process_control
         : capability == Capability::process_memory  ? process_memory
                                                     : none;
}

Result<void> drop_capabilities() {
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return fail_errno("cannot give up new privileges", errno);
  capng_get_caps_process();
  std::array<bool, kept.size()> had{};
  for (std::size_t i = 0; i < kept.size(); ++i) had[i] = capng_have_capability(CAPNG_EFFECTIVE, kept[i]) != 0;
  const bool may_bound = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP) != 0;
  capng_clear(CAPNG_SELECT_ALL);
  for (std::size_t i = 0; i < kept.size(); ++i)
    if (had[i])
      capng_update(CAPNG_ADD, static_cast<capng_type_t>(CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_BOUNDING_SET),
                   kept[i]);
  if (capng_apply(may_bound ? CAPNG_SELECT_BOTH : CAPNG_SELECT_CAPS) != 0)
    return fail(Code::failure, "cannot drop capabilities");
  return {};
}

Result<void> filter_system_calls() {
  // An unknown call answers "not permitted" instead of killing: a new libc must not end the responder in mid-action.
  scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
  if (filter == nullptr) return fail(Code::exhausted, "cannot make a system call filter");
  auto loaded = load_filter(filter);
  seccomp_release(filter);
  return loaded;
}

}  // namespace tocsin::responders
