// The system-call filter. A list of what is never needed, so that a library that grows a new harmless call still works;
// what it names is what attacks are made of.

#include <linux/sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <memory>

#include <fmt/format.h>

#include "collectors/opener/sandbox_layers.h"

namespace tocsin::collectors {
namespace {

// Nobody asks for these by accident: the process ends.
constexpr auto fatal = std::to_array<const char*>(
    {"ptrace",       "process_vm_readv", "process_vm_writev", "kexec_load", "kexec_file_load", "init_module",
     "finit_module", "delete_module",    "create_module",     "bpf",        "userfaultfd",     "perf_event_open",
     "reboot",       "swapon",           "swapoff",           "pivot_root", "mount",           "move_mount",
     "fsopen",       "fsmount",          "fsconfig",          "fspick",     "open_tree",       "umount2",
     "iopl",         "ioperm",           "modify_ldt"});
// Refused with EPERM.
constexpr auto refused = std::to_array<const char*>({"setns",
                                                     "unshare",
                                                     "chroot",
                                                     "keyctl",
                                                     "add_key",
                                                     "request_key",
                                                     "acct",
                                                     "quotactl",
                                                     "nfsservctl",
                                                     "vhangup",
                                                     "syslog",
                                                     "sethostname",
                                                     "setdomainname",
                                                     "settimeofday",
                                                     "stime",
                                                     "clock_settime",
                                                     "clock_settime64",
                                                     "clock_adjtime",
                                                     "adjtimex",
                                                     "personality",
                                                     "io_uring_setup",
                                                     "io_uring_enter",
                                                     "io_uring_register",
                                                     "mbind",
                                                     "migrate_pages",
                                                     "move_pages",
                                                     "set_mempolicy",
                                                     "open_by_handle_at",
                                                     "name_to_handle_at",
                                                     "lookup_dcookie",
                                                     "process_madvise",
                                                     "kcmp",
                                                     "pidfd_getfd",
                                                     "setuid",
                                                     "setgid",
                                                     "setreuid",
                                                     "setregid",
                                                     "setresuid",
                                                     "setresgid",
                                                     "setgroups",
                                                     "mknod",
                                                     "mknodat",
                                                     "fanotify_init",
                                                     "vmsplice",
                                                     "uselib"});
constexpr auto programs = std::to_array<const char*>({"execve", "execveat", "fork", "vfork"});
// All that is left where there is nothing to do but to compute. No descriptor can be made and no process.
constexpr auto computing = std::to_array<const char*>(
    {"read",          "pread64",        "readv",        "write",  "writev",     "lseek",
     "close",         "fstat",          "munmap",       "mremap", "madvise",    "brk",
     "futex",         "getpid",         "gettid",       "exit",   "exit_group", "restart_syscall",
     "rt_sigreturn",  "rt_sigprocmask", "rt_sigaction", "tgkill", "getrandom",  "sched_yield",
     "clock_gettime", "gettimeofday",   "time"});
constexpr auto in_vain = std::to_array<const char*>(
    {"open", "openat", "stat", "newfstatat", "statx", "access", "faccessat", "readlink", "getcwd", "ioctl", "fcntl"});

struct Release {
  void operator()(void* filter) const noexcept { seccomp_release(filter); }
};
using Filter = std::unique_ptr<void, Release>;

class Builder {
 public:
  explicit Builder(void* filter) : filter_(filter) {}

  void call(std::uint32_t action, const char* name) {
    const int number = seccomp_syscall_resolve_name(name);
    if (number == __NR_SCMP_ERROR) return;  // older library: a call it does not know
    note(seccomp_rule_add(filter_, action, number, 0));
  }
  void when(std::uint32_t action, const char* name, const scmp_arg_cmp& condition) {
    const int number = seccomp_syscall_resolve_name(name);
    if (number != __NR_SCMP_ERROR) note(seccomp_rule_add_array(filter_, action, number, 1, &condition));
  }
  int error() const noexcept { return error_; }
  std::size_t rules() const noexcept { return rules_; }

 private:
  void note(int result) noexcept {
    // EACCES/EDOM: the call has no number on this architecture or equals the default.
    if (result == 0) ++rules_;
    else if (result != -EDOM && result != -EACCES && error_ == 0) error_ = -result;
  }
  void* filter_;
  int error_ = 0;
  std::size_t rules_ = 0;
};

constexpr bool is_sanitizer_build() {
#ifdef __SANITIZE_ADDRESS__
  return true;
#else
  return false;
#endif
}

void forbid_programs(Builder& builder) {
  const auto eperm = SCMP_ACT_ERRNO(EPERM);
  for (const auto* name : programs) builder.call(eperm, name);
  // Threads yes, processes no; clone3 hides its flags from a filter, and glibc falls back to clone on ENOSYS.
  builder.when(eperm, "clone", SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
  builder.call(SCMP_ACT_ERRNO(ENOSYS), "clone3");
}

void forbid_families(Builder& builder, bool packet_sockets) {
  const auto refuse = SCMP_ACT_ERRNO(EAFNOSUPPORT);
  for (unsigned family = 0; family <= AF_PACKET; ++family) {
    const bool wanted = family == AF_UNIX || family == AF_INET || family == AF_INET6 || family == AF_NETLINK ||
                        (family == AF_PACKET && packet_sockets);
    if (!wanted) builder.when(refuse, "socket", SCMP_A0(SCMP_CMP_EQ, family));
  }
  builder.when(refuse, "socket", SCMP_A0(SCMP_CMP_GT, AF_PACKET));
}

// W^X: memory is never writable and executable, nor made executable later.
void forbid_writable_code(Builder& builder) {
  const auto eperm = SCMP_ACT_ERRNO(EPERM);
  constexpr scmp_datum_t both = PROT_WRITE | PROT_EXEC;
  builder.when(eperm, "mmap", SCMP_A2(SCMP_CMP_MASKED_EQ, both, both));
  builder.when(eperm, "mprotect", SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, PROT_EXEC));
  builder.when(eperm, "pkey_mprotect", SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, PROT_EXEC));
}

Result<SandboxLayer> load(void* filter, const Builder& builder) {
  if (builder.error() != 0) return fail_errno("cannot build the system-call filter", builder.error());
  if (const int result = seccomp_load(filter); result != 0) {
    if (result == -EINVAL || result == -ENOSYS)
      return SandboxLayer{"seccomp", LayerState::off, "this kernel has no filters"};
    return fail_errno("cannot load the system-call filter", -result);
  }
  return SandboxLayer{"seccomp", LayerState::active, fmt::format("{} rules", builder.rules())};
}

Result<SandboxLayer> allow_computing() {
  const Filter filter(seccomp_init(SCMP_ACT_KILL_PROCESS));
  if (!filter) return fail(Code::exhausted, "no memory for the system-call filter");
  Builder builder(filter.get());
  for (const auto* name : computing) builder.call(SCMP_ACT_ALLOW, name);
  for (const auto* name : in_vain) builder.call(SCMP_ACT_ERRNO(EACCES), name);
  for (const auto* name : {"mmap", "mprotect"})
    builder.when(SCMP_ACT_ALLOW, name, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
  return load(filter.get(), builder);
}

}  // namespace

Result<SandboxLayer> apply_seccomp(const SandboxPolicy& policy) {
  if (is_sanitizer_build())
    return SandboxLayer{"seccomp", LayerState::off, "a build with sanitizers needs calls that the filter forbids"};
  if (policy.calls == SandboxCalls::compute) return allow_computing();
  const Filter filter(seccomp_init(SCMP_ACT_ALLOW));
  if (!filter) return fail(Code::exhausted, "no memory for the system-call filter");
  Builder builder(filter.get());
  seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_TSYNC, 1);
  seccomp_attr_set(filter.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
  for (const auto* name : fatal) builder.call(SCMP_ACT_KILL_PROCESS, name);
  for (const auto* name : refused) builder.call(SCMP_ACT_ERRNO(EPERM), name);
  if (!policy.start_programs) forbid_programs(builder);
  forbid_families(builder, policy.packet_sockets);
  forbid_writable_code(builder);
  builder.when(SCMP_ACT_ERRNO(EPERM), "ioctl", SCMP_A1(SCMP_CMP_MASKED_EQ, 0xFFFFFFFFU, TIOCSTI));
  return load(filter.get(), builder);
}

}  // namespace tocsin::collectors
