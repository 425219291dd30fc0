#pragma once
// What a process gives up before it reads the first hostile byte: capabilities, system calls, files. One call, made
// once, before any thread is started (capabilities and Landlock hold for the calling thread and its children only).
// What the kernel or the build cannot do is reported, never silently left out. DESIGN section 4.7.
// Landlock: https://docs.kernel.org/userspace-api/landlock.html; seccomp(2); capabilities(7).

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/result.h"

namespace tocsin::collectors {

enum class Capability : std::uint8_t { net_raw, dac_read_search, net_admin, kill, sys_ptrace };

// What system calls are left. `service`: all but those that attacks are made of. `compute`: reading and writing what is
// open, memory and time; anything else ends the process (opening files is refused, as libraries try it in vain).
enum class SandboxCalls : std::uint8_t { service, compute };

struct SandboxPolicy {
  bool seccomp = true;
  bool landlock = true;
  bool capabilities = true;      // drop all but `keep`
  std::vector<Capability> keep;  // empty for tocsind
  bool packet_sockets = false;   // may make AF_PACKET sockets
  bool start_programs = false;   // may execve
  SandboxCalls calls = SandboxCalls::service;
  std::vector<std::string> read_only;   // files and directories; missing ones are skipped and reported
  std::vector<std::string> read_write;  // directories (and files)
};

// What libraries read at run time: name service, zones, certificates, resolver, /proc, /dev/urandom and the like.
const std::vector<std::string>& system_read_only_paths();

enum class LayerState : std::uint8_t { active, partial, off };
std::string_view layer_state_name(LayerState state) noexcept;

struct SandboxLayer {
  std::string name;  // no_new_privileges, capabilities, seccomp, landlock
  LayerState state = LayerState::off;
  std::string detail;  // "ABI 2, 9 paths"; why it is off
};

struct SandboxReport {
  std::vector<SandboxLayer> layers;
  bool complete() const noexcept;  // all active
};

// Fails only when a layer was begun and could not be finished: the process must then stop. A layer the kernel lacks is
// `off` in the report. Irrevocable.
Result<SandboxReport> confine(const SandboxPolicy& policy);

// What this kernel offers, without giving anything up (doctor).
SandboxReport probe_sandbox();

// 0: no Landlock.
int landlock_abi() noexcept;

}  // namespace tocsin::collectors
