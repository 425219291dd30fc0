#pragma once
// Processes as /proc shows them, and signals that reach the very process that was looked at: pidfd_open(2) and the
// start time, so that a number that was given to another process meanwhile is noticed. Any thread.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/descriptor.h"
#include "collectors/base/result.h"

namespace tocsin::responders {

struct HostProcess {
  int pid = 0;
  int parent = 0;
  char state = '?';           // as proc_pid_stat(5): R, S, T, Z, …
  std::uint64_t started = 0;  // clock ticks since boot
  std::uint32_t uid = UINT32_MAX;
  std::uint32_t login_uid = UINT32_MAX;
  std::string name;        // at most 15 bytes, chosen by the process itself
  std::string executable;  // path; empty for a kernel thread, or when it may not be read

  std::uint64_t pending = 0;  // signals that were sent and will be acted upon at its next turn, bit 0 = signal 1

  bool gone() const noexcept { return state == 'Z' || state == 'X' || (pending >> 8U & 1U) != 0; }      // SIGKILL
  bool stopped() const noexcept { return state == 'T' || state == 't' || (pending >> 18U & 1U) != 0; }  // SIGSTOP
};

// nullopt: there is none.
std::optional<HostProcess> read_process(int pid);
std::optional<HostProcess> parse_process_stat(std::string_view stat);  // the fields of /proc/PID/stat alone
std::vector<HostProcess> list_processes();
// The process and all that descend from it, parents first; at most `most`.
std::vector<HostProcess> process_tree(int pid, std::size_t most);

// conflict: the number belongs to another process now; not_found: there is none.
Result<OwnedDescriptor> hold_process(const HostProcess& process);
Result<void> signal_process(int pidfd, int signal);

}  // namespace tocsin::responders
