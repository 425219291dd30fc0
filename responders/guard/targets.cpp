#include "responders/guard/targets.h"

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "collectors/base/text.h"
#include "responders/action/processes/processes.h"
#include "responders/action/services/manager.h"
#include "responders/guard/domains.h"

namespace tocsin::responders {
namespace {

// Without these nobody gets in to put it right. One that a user started (a session's own sshd) is not meant.
constexpr std::array<std::string_view, 9> vital_programs{"systemd",       "systemd-journald", "systemd-logind",
                                                         "systemd-udevd", "systemd-networkd", "init",
                                                         "dbus-daemon",   "dbus-broker",      "sshd"};
constexpr std::array<std::string_view, 9> vital_units{"systemd-", "dbus",           "ssh.",   "sshd.", "tocsin",
                                                      "network",  "NetworkManager", "getty@", "user@"};
constexpr std::size_t tree_most = 4096;

std::string_view file_name(std::string_view path) {
  return path.substr(path.rfind('/') == std::string_view::npos ? 0 : path.rfind('/') + 1);
}

bool descends_from(int pid, int ancestor) {
  for (int depth = 0; depth < 64 && pid > 1; ++depth) {
    if (pid == ancestor) return true;
    const auto process = read_process(pid);
    if (!process) return false;
    pid = process->parent;
  }
  return false;
}

// Whether who put its program there is who runs this host. A name alone protects nothing: whoever breaks in calls his
// program as he likes. What cannot be found out is taken for installed.
bool is_installed(const HostProcess& process) {
  struct stat file{};
  if (::stat(fmt::format("/proc/{}/exe", process.pid).c_str(), &file) != 0) return true;
  return (file.st_uid == 0 || file.st_uid == ::geteuid()) && (file.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

std::string process_reason(const Policy& policy, const HostProcess& process, int asker) {
  const auto named = [&](std::string_view why) { return fmt::format("process {} is {}", process.pid, why); };
  if (process.pid == 1) return named("the first of this host");
  if (process.pid == 2 || process.parent == 2) return named("a thread of the kernel");
  if (process.pid == ::getpid()) return named("the responder itself");
  if (asker > 1 && descends_from(asker, process.pid)) return named("what you are asking from");
  const std::string_view program = file_name(process.executable);
  if (program.starts_with("tocsin") && is_installed(process)) return named("a part of tocsin");
  if (process.parent <= 1 && std::ranges::find(vital_programs, program) != vital_programs.end() &&
      is_installed(process))
    return named(fmt::format("{}, without which nobody gets in to put it right", program));
  for (const std::string& path : policy.never_touch_programs)
    if (process.executable == path) return named(fmt::format("{}, on the never-touch list", path));
  return {};
}

// Whose memory is lent to nobody: our own parts hold keys and what was collected, and whatever the policy names.
std::string lending_reason(const Policy& policy, const HostProcess& process) {
  const auto named = [&](std::string_view why) { return fmt::format("process {} is {}", process.pid, why); };
  if (process.pid == ::getpid()) return named("the responder itself");
  if (file_name(process.executable).starts_with("tocsin") && is_installed(process)) return named("a part of tocsin");
  if (process.executable.empty()) return named("one whose file is not known");
  for (const std::string& path : policy.never_touch_programs)
    if (process.executable == path) return named(fmt::format("{}, on the never-touch list", path));
  return {};
}

std::string account_reason(const Policy& policy, const std::string& name, int asker) {
  if (policy.break_glass.contains(name)) return fmt::format("{} is a break-glass account", name);
  if (name.starts_with("tocsin")) return fmt::format("{} is an account of tocsin", name);
  passwd entry{};
  passwd* found = nullptr;
  std::array<char, 16384> buffer{};
  if (::getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found) != 0)
    return fmt::format("whose account {} is cannot be found out", name);
  if (found == nullptr) return {};  // the action says so
  if (found->pw_uid == 0) return fmt::format("{} is an account of root", name);
  if (found->pw_uid == policy.own_user) return fmt::format("{} is an account of tocsin", name);
  if (const auto process = read_process(asker); process && process->uid != 0 && process->login_uid == found->pw_uid)
    return fmt::format("{} is who you are logged in as", name);
  return {};
}

// What is felt by stopping it: whatever it is called, and what needs it. Without systemd the action itself fails.
std::vector<std::string> units_of(const std::string& unit) {
  std::vector<std::string> out{unit};
  if (auto felt = make_service_manager({})->stopped_with(unit)) out.insert(out.end(), felt->begin(), felt->end());
  return out;
}

}  // namespace

std::string unit_reason(const Policy& policy, std::string_view unit) {
  for (const std::string_view start : vital_units)
    if (unit.starts_with(start)) return fmt::format("{} belongs to what keeps this host within reach", unit);
  for (const std::string& name : policy.never_touch_units)
    if (unit == name) return fmt::format("{} is on the never-touch list", name);
  return {};
}

std::string port_reason(const Policy& policy, std::uint64_t port) {
  if (std::find(policy.management_ports.begin(), policy.management_ports.end(), port) == policy.management_ports.end())
    return {};
  return fmt::format("{} is a management port", port);
}

std::vector<std::string> protected_targets(const Policy& policy, const ActionSpec& spec, const Parameters& parameters,
                                           int asker) {
  std::vector<std::string> out;
  // Looking at something does it no harm; but what is lent leaves this process.
  if (spec.blast_radius == BlastRadius::message && spec.gives == Gives::outcome) return out;
  const auto add = [&](std::string reason) {
    if (!reason.empty()) out.push_back(std::move(reason));
  };
  for (const ParameterSpec& parameter : spec.parameters) {
    if (!parameters.has(parameter.name)) continue;
    if (parameter.type == ParameterType::unit)
      for (const std::string& unit : units_of(parameters.text(parameter.name))) add(unit_reason(policy, unit));
    if (parameter.type == ParameterType::account) add(account_reason(policy, parameters.text(parameter.name), asker));
    if (parameter.type == ParameterType::domain)
      add(domain_reason(policy, parameters.text(parameter.name), own_domains()));
    // The ends of a connection are addresses'; a port alone is a service of this host.
    if (parameter.type == ParameterType::port && spec.blast_radius == BlastRadius::service)
      add(port_reason(policy, parameters.number(parameter.name)));
    if (parameter.type != ParameterType::process) continue;
    if (spec.gives == Gives::descriptors) {
      const auto process = read_process(static_cast<int>(parameters.number(parameter.name)));
      if (process) add(lending_reason(policy, *process));
      continue;
    }
    // Whether the action takes the whole tree or not: what stops a parent is felt by its children.
    for (const HostProcess& process : process_tree(static_cast<int>(parameters.number(parameter.name)), tree_most))
      add(process_reason(policy, process, asker));
  }
  return out;
}

}  // namespace tocsin::responders
