#pragma once
// tocsin-responder ties its own hands once everything is open: only the capabilities its actions need, no new
// privileges, and a list of system calls without exec, ptrace, mount or module loading. Called once, from main.

#include <string>
#include <vector>

#include "collectors/base/result.h"
#include "responders/action/action.h"

namespace tocsin::responders {

// Why this process cannot apply actions of a capability; empty = it can.
struct Abilities {
  std::string network_admin;
  std::string file_owner;
  std::string process_control;
  std::string process_memory;

  const std::string& why_not(Capability capability) const noexcept;
};
Abilities read_abilities();

// Keeps CAP_NET_ADMIN, CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_CHOWN, CAP_FSETID, CAP_KILL and CAP_SYS_PTRACE (to read where
// an operator is logged in from, and the memory that process.dump_maps and process.lend_memory copy) as far as they are
// there, in no other set.
Result<void> drop_capabilities();
Result<void> filter_system_calls();

}  // namespace tocsin::responders
