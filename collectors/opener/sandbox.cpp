#include "collectors/opener/sandbox.h"

#include <cap-ng.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>

#include <fmt/format.h>

#include "collectors/opener/sandbox_layers.h"

namespace tocsin::collectors {
namespace {

constexpr std::array<std::string_view, 3> state_names{"active", "partial", "off"};

unsigned capability_number(Capability capability) noexcept {
  switch (capability) {
    case Capability::net_raw: return CAP_NET_RAW;
    case Capability::dac_read_search: return CAP_DAC_READ_SEARCH;
    case Capability::net_admin: return CAP_NET_ADMIN;
    case Capability::kill: return CAP_KILL;
    case Capability::sys_ptrace: return CAP_SYS_PTRACE;
  }
  return CAP_LAST_CAP;
}

std::string capability_text(const std::vector<Capability>& keep) {
  std::string out;
  for (const auto capability : keep) {
    const char* name = capng_capability_to_name(capability_number(capability));
    out += (out.empty() ? "" : ", ") + std::string(name == nullptr ? "?" : name);
  }
  return out;
}

// systemd may have given exactly these already, and its filter then forbids capset(2). State as capng_get_caps_process
// read it.
bool has_only(const std::vector<Capability>& kept) {
  for (unsigned number = 0; number <= CAP_LAST_CAP; ++number) {
    const bool wanted = std::ranges::any_of(kept, [&](Capability c) { return capability_number(c) == number; });
    if (wanted != (capng_have_capability(CAPNG_PERMITTED, number) == 1)) return false;
  }
  return true;
}

Result<SandboxLayer> drop_capabilities(const SandboxPolicy& policy) {
  SandboxLayer layer{"capabilities", LayerState::active, "none left"};
  std::vector<Capability> kept;
  capng_get_caps_process();
  for (const auto capability : policy.keep)
    if (capng_have_capability(CAPNG_PERMITTED, capability_number(capability)) == 1) kept.push_back(capability);
  const bool privileged = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP) == 1;
  const bool settled = has_only(kept);
  capng_clear(CAPNG_SELECT_ALL);
  for (const auto capability : kept)
    if (capng_update(CAPNG_ADD, static_cast<capng_type_t>(CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_BOUNDING_SET),
                     capability_number(capability)) != 0)
      return fail(Code::failure, "cannot choose capabilities; run under systemd, or without privileges");
  // The bounding set needs CAP_SETPCAP; without it no_new_privs already keeps new capabilities out.
  if (privileged && capng_apply(CAPNG_SELECT_BOUNDS) != 0)
    return fail(Code::failure, "cannot lower the capability bounding set; run under systemd, or without privileges");
  if (!settled && capng_apply(CAPNG_SELECT_CAPS) != 0)
    return fail(Code::failure, "cannot drop capabilities; run under systemd, or without privileges");
  ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  if (!kept.empty()) layer.detail = "kept: " + capability_text(kept);
  if (kept.size() < policy.keep.size()) {
    layer.state = LayerState::partial;
    layer.detail += kept.empty() ? "; wanted: " + capability_text(policy.keep) : " of " + capability_text(policy.keep);
  }
  return layer;
}

std::string status_line(std::string_view key) {
  std::ifstream in("/proc/self/status");
  std::string line;
  while (std::getline(in, line))
    if (line.starts_with(key) && line.size() > key.size() && line[key.size()] == ':')
      return line.substr(key.size() + 1);
  return {};
}

}  // namespace

std::string_view layer_state_name(LayerState state) noexcept { return state_names[static_cast<std::size_t>(state)]; }

bool SandboxReport::complete() const noexcept {
  return std::ranges::all_of(layers, [](const SandboxLayer& l) { return l.state == LayerState::active; });
}

const std::vector<std::string>& system_read_only_paths() {
  static const std::vector<std::string> paths{"/etc/nsswitch.conf",
                                              "/etc/passwd",
                                              "/etc/group",
                                              "/etc/hosts",
                                              "/etc/resolv.conf",
                                              "/etc/gai.conf",
                                              "/etc/host.conf",
                                              "/etc/services",
                                              "/etc/protocols",
                                              "/etc/localtime",
                                              "/etc/timezone",
                                              "/etc/machine-id",
                                              "/etc/ssl",
                                              "/etc/ld.so.cache",
                                              "/etc/ld.so.preload",
                                              "/usr/lib",
                                              "/usr/share/zoneinfo",
                                              "/usr/share/misc",
                                              "/usr/share/ca-certificates",
                                              "/lib",
                                              "/lib64",
                                              "/proc",
                                              "/sys/class/net",
                                              "/sys/devices/system/cpu",
                                              "/sys/devices/virtual/net",
                                              "/sys/fs/cgroup",
                                              "/dev/urandom",
                                              "/dev/null",
                                              "/dev/zero",
                                              "/run/systemd/resolve"};
  return paths;
}

Result<SandboxReport> confine(const SandboxPolicy& policy) {
  SandboxReport report;
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return fail_errno("cannot forbid new privileges", errno);
  report.layers.push_back({"no_new_privileges", LayerState::active, "set-uid programs give nothing"});
  const auto add = [&](bool wanted, std::string name, auto apply) -> Result<void> {
    if (!wanted) {
      report.layers.push_back({std::move(name), LayerState::off, "turned off in the configuration (sandbox)"});
      return {};
    }
    TOCSIN_TRY(auto layer, apply(policy));
    report.layers.push_back(std::move(layer));
    return {};
  };
  TOCSIN_CHECK(add(policy.landlock, "landlock", apply_landlock));
  TOCSIN_CHECK(add(policy.capabilities, "capabilities", drop_capabilities));
  TOCSIN_CHECK(add(policy.seccomp, "seccomp", apply_seccomp));  // last: it forbids what the others need
  return report;
}

SandboxReport probe_sandbox() {
  SandboxReport report;
  const int abi = landlock_abi();
  report.layers.push_back({"landlock", abi > 0 ? LayerState::active : LayerState::off,
                           abi > 0 ? fmt::format("ABI {}", abi)
                                   : "this kernel has none, its lsm= list leaves it out, or a container forbids it"});
  const bool seccomp = ::prctl(PR_GET_SECCOMP, 0, 0, 0, 0) >= 0;
  report.layers.push_back(
      {"seccomp", seccomp ? LayerState::active : LayerState::off, seccomp ? "filters" : "this kernel has none"});
  const auto effective = status_line("CapEff");
  report.layers.push_back({"capabilities", LayerState::active,
                           "this process has" + (effective.empty() ? std::string(" unknown") : effective)});
  return report;
}

}  // namespace tocsin::collectors
