#include "daemon/cli/doctor.h"

#include <fcntl.h>
#include <glob.h>
#include <grp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "collectors/base/counted.h"
#include "collectors/base/text.h"
#include "collectors/opener/opener.h"
#include "collectors/opener/sandbox.h"
#include "daemon/app/rule_files.h"
#include "daemon/app/workbench.h"
#include "daemon/cli/config_check.h"
#include "rules/pattern/hyperscan.h"

namespace tocsin::daemon {
namespace {

using Findings = std::vector<Finding>;

void examine_kernel(Findings& out) {
  utsname name{};
  ::uname(&name);
  out.push_back({"kernel", "version", FindingState::ok,
                 fmt::format("{} {} on {}", name.sysname, name.release, name.machine), ""});
  for (const auto& layer : collectors::probe_sandbox().layers) {
    if (layer.name == "capabilities") continue;
    const bool there = layer.state == collectors::LayerState::active;
    out.push_back({"kernel", layer.name, there ? FindingState::ok : FindingState::warning, layer.detail,
                   there ? "" : "tocsind runs without this layer; use a kernel that has it"});
  }
  const bool ssse3 = rules::hyperscan_usable();
  out.push_back({"kernel", "SSSE3", ssse3 ? FindingState::ok : FindingState::warning,
                 ssse3 ? "Hyperscan can be used" : "Hyperscan cannot be used here",
                 ssse3 ? "" : "rules are matched by the plain matcher, which is slower"});
  const int audit = ::access("/proc/self/loginuid", R_OK);
  out.push_back({"kernel", "audit", audit == 0 ? FindingState::ok : FindingState::warning,
                 audit == 0 ? "login users are known" : "no login uid: journals name the effective user only",
                 audit == 0 ? "" : "use a kernel with CONFIG_AUDIT"});
}

void examine_directory(Findings& out, const std::string& check, const std::string& path, int mode) {
  if (::access(path.c_str(), mode) == 0) {
    out.push_back({"installation", check, FindingState::ok, path, ""});
    return;
  }
  const int error = errno;
  const bool missing = error == ENOENT;
  // Not being root is no fault of the installation.
  const auto state = missing || ::geteuid() == 0 ? FindingState::error : FindingState::off;
  out.push_back({"installation", check, state, path + ": " + std::strerror(error),
                 missing ? "install the package again, or set the path in the configuration" : "look again as root"});
}

void examine_space(Findings& out, const Config& config) {
  struct statvfs info{};
  auto directory = config.store.directory;
  while (::statvfs(directory.c_str(), &info) != 0 && directory.rfind('/') != 0 &&
         directory.rfind('/') != std::string::npos)
    directory.resize(directory.rfind('/'));
  if (::statvfs(directory.c_str(), &info) != 0) return;
  const ByteSize free{static_cast<std::uint64_t>(info.f_bavail) * info.f_frsize};
  const bool enough = free > config.store.free_least;
  out.push_back(
      {"installation", "free disk", enough ? FindingState::ok : FindingState::error,
       fmt::format("{:.1f} GiB free for {}", static_cast<double>(free.bytes) / (1U << 30U), config.store.directory),
       enough ? "" : "storing has stopped; free some space, or lower store.*_retention"});
}

void examine_source(Findings& out, const std::string& path) {
  glob_t found{};
  const int result = ::glob(path.c_str(), 0, nullptr, &found);
  const std::vector<std::string> files(found.gl_pathv, found.gl_pathv + (result == 0 ? found.gl_pathc : 0));
  ::globfree(&found);
  if (files.empty()) {
    out.push_back({"sources", path, FindingState::off, "no such file yet", ""});
    return;
  }
  for (const auto& file : files) {
    const bool readable = ::access(file.c_str(), R_OK) == 0;
    out.push_back({"sources", file, readable ? FindingState::ok : FindingState::off,
                   readable ? "readable" : "not readable by this user",
                   readable ? "" : "tocsin-opener reads it for tocsind; look again as root"});
  }
}

void examine_capture(Findings& out, const Config& config) {
  if (config.collect.interfaces.empty()) {
    out.push_back({"sources", "packets", FindingState::off, "collect.interfaces is empty", ""});
    return;
  }
  const auto usable = collectors::usable_interfaces();
  const int probe = ::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
  if (probe >= 0) ::close(probe);
  std::string names;
  if (usable)
    for (const auto& name : *usable) names += (names.empty() ? "" : ", ") + name;
  out.push_back({"sources", "packets", probe >= 0 ? FindingState::ok : FindingState::off,
                 fmt::format("interfaces up: {}{}", names.empty() ? "none" : names,
                             probe >= 0 ? "" : "; this user may not capture"),
                 probe >= 0 ? "" : "tocsin-opener captures for tocsind; look again as root"});
}

// 0, or why nobody answers.
int connect_error(const std::string& path, int type) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return ENAMETOOLONG;
  std::memcpy(address.sun_path, path.data(), path.size());
  const int probe = ::socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
  const bool yes = probe >= 0 && ::connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  const int error = errno;
  if (probe >= 0) ::close(probe);
  return yes ? 0 : error;
}

Finding examine_opener(const std::string& path) {
  const int error = connect_error(path, SOCK_SEQPACKET);
  if (error == 0) return {"daemon", "tocsin-opener", FindingState::ok, "answers at " + path, ""};
  if (error == EACCES && ::geteuid() != 0)
    return {"daemon", "tocsin-opener", FindingState::off, path + " is for tocsind alone", "look again as root"};
  return {"daemon", "tocsin-opener", FindingState::warning, "does not answer at " + path,
          "systemctl start tocsin-opener; until then tocsind opens only what its own user may"};
}

void examine_helpers(Findings& out, const Config& config) {
  out.push_back(examine_opener(config.collect.opener));
  const bool responder = connect_error(config.respond.socket, SOCK_STREAM) == 0;
  out.push_back({"response", "tocsin-responder", responder ? FindingState::ok : FindingState::warning,
                 responder ? "answers at " + config.respond.socket : "does not answer at " + config.respond.socket,
                 responder ? "" : "systemctl start tocsin-responder; until then nothing can be applied"});
  out.push_back(
      {"response", "mode", FindingState::ok,
       config.respond.mode == RespondMode::rehearse ? "rehearse: nothing is touched" : "apply: the guard decides", ""});
  std::array<char, 65536> buffer{};
  group entry{};
  std::string missing;
  for (const auto* name : {&config.control.viewer, &config.control.analyst, &config.control.responder,
                           &config.control.approver, &config.control.admin}) {
    group* found = nullptr;
    if (!name->empty() && ::getgrnam_r(name->c_str(), &entry, buffer.data(), buffer.size(), &found) == 0 &&
        found == nullptr)
      missing += (missing.empty() ? "" : ", ") + *name;
  }
  out.push_back({"installation", "groups of roles", missing.empty() ? FindingState::ok : FindingState::warning,
                 missing.empty() ? "all there" : "not there: " + missing,
                 missing.empty()
                     ? ""
                     : "groupadd them, or name others under `control`; a role whose group is not there is nobody's"});
}

}  // namespace

namespace {

// Lists are loaded as the daemon does, so that what it says is seen before it is asked.
void examine_indicators(Findings& out, const Config& config, Time now) {
  if (config.rules.indicators.paths.empty()) return;
  Diagnostics diagnostics;
  const auto sources = read_indicator_files(config.rules.indicators.paths, diagnostics);
  auto options = engine_options(config, {}).indicators;
  options.own_networks = config.rules.home_networks;
  const auto set = rules::indicator::compile_indicators(sources, options, diagnostics);
  const auto expired = set->expired(now);
  const bool useless = set->size() == 0 || expired == set->size();
  const bool wrong = useless || diagnostics.has_errors();
  out.push_back({"installation", "indicators", wrong ? FindingState::warning : FindingState::ok,
                 fmt::format("{} from {}; {} expired, {} refused", counted(set->size(), "indicator"),
                             counted(set->loads().size(), "list"), expired, diagnostics.errors()),
                 wrong ? "tocsin indicator check says what is refused; renew lists that expired" : ""});
}

}  // namespace

std::string_view finding_state_name(FindingState state) noexcept {
  static constexpr std::string_view names[] = {"ok", "warning", "error", "off"};
  return names[static_cast<std::size_t>(state)];
}

std::vector<Finding> examine_host(const Places& places, const std::string& config_file, Time now) {
  Findings out;
  examine_kernel(out);
  Diagnostics diagnostics;
  auto loaded = read_config(config_file, places, diagnostics);
  Config config;
  if (loaded) {
    config = *std::move(loaded);
    const auto wrong = examine_config(config);
    out.push_back({"configuration", config_file, wrong.has_errors() ? FindingState::error : FindingState::ok,
                   wrong.has_errors() ? wrong.all().front().item + ": " + wrong.all().front().cause : "understood",
                   wrong.has_errors() ? "tocsin config check " + config_file : ""});
  } else {
    resolve_paths(config, places);
    out.push_back({"configuration", config_file, FindingState::error, loaded.error().message,
                   "tocsin config check " + config_file});
  }
  for (const auto& path : config.rules.packs) examine_directory(out, "rules", path, R_OK | X_OK);
  for (const auto& path : config.rules.decoders) examine_directory(out, "decoders", path, R_OK | X_OK);
  for (const auto& path : config.respond.playbooks) examine_directory(out, "playbooks", path, R_OK | X_OK);
  examine_indicators(out, config, now);
  examine_directory(out, "state", places.state, R_OK | W_OK | X_OK);
  examine_space(out, config);
  for (const auto& log : config.collect.logs)
    for (const auto& path : log.paths) examine_source(out, path);
  if (config.collect.journald.enabled) examine_source(out, config.collect.journald.directory);
  if (config.collect.audit.enabled) examine_source(out, config.collect.audit.path);
  examine_capture(out, config);
  examine_helpers(out, config);
  return out;
}

}  // namespace tocsin::daemon
