#include "daemon/config/places.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdlib>

#include "collectors/base/descriptor.h"
#include "daemon/config/yaml_tree.h"

namespace tocsin::daemon {
namespace {

std::string parent(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos || slash == 0 ? std::string("/") : path.substr(0, slash);
}

std::string first_of_list(std::string list) {  // systemd gives several directories with colons
  list.resize(std::min(list.size(), list.find(':')));
  return list;
}

std::string find_data(const PlacesInput& input, const Environment& environment) {
  if (auto given = environment("TOCSIN_DATA")) return *given;
  // <prefix>/bin/tocsin, <prefix>/sbin/tocsind, <prefix>/lib/tocsin/tocsin-opener
  std::string directory = parent(input.program);
  for (int up = 0; up < 2; ++up) {
    directory = parent(directory);
    auto candidate = (directory == "/" ? std::string() : directory) + "/share/tocsin";
    if (input.exists(candidate)) return candidate;
  }
  return "/usr/share/tocsin";
}

void absolute(std::string& path, const std::string& base) {
  if (!path.empty() && !path.starts_with('/')) path = base + "/" + path;
}

}  // namespace

Environment process_environment() {
  return [](std::string_view name) -> std::optional<std::string> {
    const char* value = std::getenv(std::string(name).c_str());
    if (value == nullptr || *value == '\0') return std::nullopt;
    return std::string(value);
  };
}

Places find_places(const PlacesInput& input, const Environment& environment) {
  Places places;
  places.data = find_data(input, environment);
  const bool root = input.user == 0;
  if (auto given = environment("TOCSIN_STATE")) places.state = *given;
  else if (auto unit = environment("STATE_DIRECTORY")) places.state = first_of_list(*unit);
  else if (root || input.exists("/run/tocsin/control.sock")) places.state = "/var/lib/tocsin";
  else if (auto xdg = environment("XDG_STATE_HOME")) places.state = *xdg + "/tocsin";
  else places.state = environment("HOME").value_or("/tmp") + "/.local/state/tocsin";
  if (auto given = environment("TOCSIN_RUNTIME")) places.runtime = *given;
  else if (auto unit = environment("RUNTIME_DIRECTORY")) places.runtime = first_of_list(*unit);
  else if (root || input.exists("/run/tocsin/control.sock")) places.runtime = "/run/tocsin";
  else if (auto xdg = environment("XDG_RUNTIME_DIR")) places.runtime = *xdg + "/tocsin";
  else places.runtime = places.state + "/run";
  if (environment("TOCSIN_STATE") || environment("STATE_DIRECTORY")) places.cache = places.state + "/cache";
  else if (auto xdg = environment("XDG_CACHE_HOME")) places.cache = *xdg + "/tocsin";
  else if (auto home = environment("HOME")) places.cache = *home + "/.cache/tocsin";
  if (auto given = environment("TOCSIN_CONFIG")) places.config = *given;
  else if (input.exists("/etc/tocsin/tocsin.yaml")) places.config = "/etc/tocsin/tocsin.yaml";
  else places.config = places.data + "/tocsin.yaml";
  return places;
}

Places find_places() {
  PlacesInput input;
  std::array<char, 4096> buffer{};
  const auto size = ::readlink("/proc/self/exe", buffer.data(), buffer.size());
  input.program = size > 0 ? std::string(buffer.data(), static_cast<std::size_t>(size)) : "/usr/bin/tocsin";
  input.user = ::geteuid();
  input.exists = [](const std::string& path) { return ::access(path.c_str(), F_OK) == 0; };
  return find_places(input, process_environment());
}

void resolve_paths(Config& config, const Places& places) {
  config.cache = places.cache;
  for (auto* list : {&config.rules.packs, &config.rules.decoders, &config.rules.views, &config.respond.playbooks})
    for (auto& path : *list) absolute(path, places.data);
  const auto beside = config.file.empty() ? places.data : parent(config.file);
  for (auto* list : {&config.rules.paths, &config.rules.indicators.paths})
    for (auto& path : *list) absolute(path, beside);
  absolute(config.rules.installed, places.state);
  absolute(config.rules.tuning, places.state);
  absolute(config.respond.triggers, places.data);
  absolute(config.store.directory, places.state);
  absolute(config.evidence.key, places.state);
  absolute(config.eve.file, places.state);
  absolute(config.eve.suricata_yaml, beside);
  for (auto& report : config.reports) absolute(report.directory, places.state);
  absolute(config.control.socket, places.runtime);
  absolute(config.collect.opener, places.runtime);
  absolute(config.respond.socket, places.runtime);
  absolute(config.respond.runner, places.runtime);
  absolute(config.respond.keys, beside);
  absolute(config.metrics.textfile, places.state);
}

Result<Config> read_config(const std::string& path, const Places& places, Diagnostics& diagnostics) {
  const OwnedDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (!file) {
    const int error = errno;
    auto failed = fail_errno("cannot open the configuration " + path, error);
    failed.error().message += error == ENOENT ? "; name one with --config or TOCSIN_CONFIG" : "; check its permissions";
    return failed;
  }
  const auto text = read_all(file.get(), yaml_text_most);
  if (!text) return fail_errno("cannot read the configuration " + path, errno);
  TOCSIN_TRY(Config config, load_config(*text, path, diagnostics));
  resolve_paths(config, places);
  return config;
}

}  // namespace tocsin::daemon
