#include "collectors/opener/allow_list.h"

#include <fcntl.h>
#include <fnmatch.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include <yaml-cpp/yaml.h>

#include "collectors/base/descriptor.h"
#include "collectors/base/text.h"

namespace tocsin::collectors {
namespace {

constexpr std::size_t text_most = 1024 * 1024;

bool is_within(std::string_view path, const std::vector<std::string>& directories) {
  return is_plain_path(path) && std::ranges::any_of(directories, [&](const std::string& directory) {
           return path.size() > directory.size() && path.starts_with(directory) && path[directory.size()] == '/';
         });
}

// "/var/log/nginx" of "/var/log/nginx/*access.log".
std::string fixed_directory(std::string_view glob) {
  const auto magic = std::min(glob.find_first_of("*?["), glob.size());
  const auto slash = glob.substr(0, magic).rfind('/');
  return slash == std::string_view::npos || slash == 0 ? "/" : std::string(glob.substr(0, slash));
}

std::string scalar_or(const YAML::Node& node, const char* key, std::string_view otherwise) {
  const auto found = node.IsMap() ? node[key] : YAML::Node();
  return found.IsDefined() && found.IsScalar() ? found.Scalar() : std::string(otherwise);
}

bool enabled(const YAML::Node& node) {
  const auto text = lower_ascii(scalar_or(node, "enabled", "true"));
  return text == "true" || text == "yes" || text == "on";
}

YAML::Node child(const YAML::Node& node, const char* key) {
  return node.IsDefined() && node.IsMap() ? node[key] : YAML::Node(YAML::NodeType::Undefined);
}

void read_logs(const YAML::Node& logs, AllowList& list) {
  if (!logs.IsDefined()) {
    list.logs = {"/var/log/auth.log",         "/var/log/nginx/*access.log",  "/var/log/apache2/*access.log",
                 "/var/log/nginx/*error.log", "/var/log/apache2/*error.log", "/var/log/dpkg.log"};
    return;
  }
  for (const auto& log : logs)
    for (const auto& path : child(log, "paths"))
      if (path.IsScalar()) list.logs.push_back(path.Scalar());
}

void read_interfaces(const YAML::Node& interfaces, AllowList& list) {
  if (!interfaces.IsDefined()) {
    list.interfaces = {"auto"};
    return;
  }
  for (const auto& interface : interfaces) list.interfaces.push_back(scalar_or(interface, "name", ""));
}

AllowList collect_of(const YAML::Node& document) {
  AllowList list;
  const auto collect = child(document, "collect");
  read_logs(child(collect, "logs"), list);
  read_interfaces(child(collect, "interfaces"), list);
  if (const auto audit = child(collect, "audit"); !audit.IsDefined() || enabled(audit))
    list.logs.push_back(audit.IsDefined() ? scalar_or(audit, "path", "/var/log/audit/audit.log")
                                          : "/var/log/audit/audit.log");
  if (const auto journal = child(collect, "journald"); !journal.IsDefined() || enabled(journal)) {
    list.journals.push_back(journal.IsDefined() ? scalar_or(journal, "directory", "/var/log/journal")
                                                : "/var/log/journal");
    list.journals.emplace_back("/run/log/journal");
  }
  return list;
}

}  // namespace

bool is_plain_path(std::string_view path) noexcept {
  if (path.size() < 2 || path.size() > 4095 || path.front() != '/' || path.back() == '/') return false;
  for (const char c : path)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) return false;
  for (std::size_t start = 1; start <= path.size();) {
    const auto end = std::min(path.find('/', start), path.size());
    const auto part = path.substr(start, end - start);
    if (part.empty() || part == "." || part == "..") return false;
    start = end + 1;
  }
  return true;
}

bool AllowList::allows_log(std::string_view path) const {
  const std::string text(path);
  return is_plain_path(path) && std::ranges::any_of(logs, [&](const std::string& glob) {
           return ::fnmatch(glob.c_str(), text.c_str(), FNM_PATHNAME | FNM_PERIOD) == 0;
         });
}
bool AllowList::allows_glob(std::string_view glob) const { return std::ranges::find(logs, glob) != logs.end(); }
bool AllowList::allows_journal(std::string_view directory) const {
  return std::ranges::find(journals, directory) != journals.end();
}
bool AllowList::allows_socket(std::string_view path) const { return is_within(path, sockets); }
bool AllowList::allows_output(std::string_view directory) const {
  return is_within(directory, outputs) || std::ranges::find(outputs, directory) != outputs.end();
}

std::vector<std::string> AllowList::readable_directories() const {
  std::vector<std::string> out = journals;
  for (const auto& glob : logs) out.push_back(fixed_directory(glob));
  std::ranges::sort(out);
  out.erase(std::ranges::unique(out).begin(), out.end());
  return out;
}

Result<AllowList> parse_allow_list(std::string_view yaml) {
  AllowList list;
  try {
    list = collect_of(YAML::Load(std::string(yaml)));
  } catch (const YAML::Exception& e) {
    return fail(Code::invalid,
                std::string("the configuration is not YAML: ") + e.what() + "; run `tocsin config check`");
  }
  for (const auto* paths : {&list.logs, &list.journals})
    for (const auto& path : *paths)
      if (!is_plain_path(path))
        return fail(Code::invalid,
                    "`" + path + "` in `collect` is not an absolute plain path; run `tocsin config check`");
  return list;
}

Result<AllowList> read_allow_list(const std::string& path) {
  const OwnedDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!file) return fail_errno("cannot open the configuration " + path, errno);
  struct stat info{};
  if (::fstat(file.get(), &info) != 0) return fail_errno("cannot examine " + path, errno);
  if (!S_ISREG(info.st_mode)) return fail(Code::invalid, path + " is not a file; name a configuration with --config");
  if ((info.st_uid != 0 && info.st_uid != ::geteuid()) || (info.st_mode & S_IWOTH) != 0)
    return fail(Code::denied,
                path + " could have been written by others; give it to root and take away their write permission");
  const auto read = read_all(file.get(), text_most);
  if (!read) return fail_errno("cannot read " + path, errno);
  if (read->size() > text_most) return fail(Code::invalid, path + " is larger than 1 MiB; is it the right file?");
  return parse_allow_list(*read);
}

}  // namespace tocsin::collectors
