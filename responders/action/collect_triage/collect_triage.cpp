#include "responders/action/collect_triage/collect_triage.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include <fmt/format.h>

#include "collectors/base/digest.h"
#include "collectors/base/json.h"
#include "collectors/base/text.h"
#include "responders/action/file_quarantine/files.h"
#include "responders/action/processes/processes.h"

namespace tocsin::responders {
namespace {

constexpr std::size_t file_bytes_most = 4U << 20U;
constexpr std::size_t entries_most = 4096;
constexpr const char* manifest_name = "manifest.json";

struct Source {
  const char* name;
  const char* path;
};
constexpr std::array<Source, 15> files{{
    {"uptime.txt", "/proc/uptime"},
    {"kernel.txt", "/proc/version"},
    {"command-line.txt", "/proc/cmdline"},
    {"modules.txt", "/proc/modules"},
    {"mounts.txt", "/proc/self/mountinfo"},
    {"memory.txt", "/proc/meminfo"},
    {"tcp4.txt", "/proc/self/net/tcp"},
    {"tcp6.txt", "/proc/self/net/tcp6"},
    {"udp4.txt", "/proc/self/net/udp"},
    {"udp6.txt", "/proc/self/net/udp6"},
    {"unix-sockets.txt", "/proc/self/net/unix"},
    {"neighbours.txt", "/proc/self/net/arp"},
    {"accounts.txt", "/etc/passwd"},
    {"groups.txt", "/etc/group"},
    {"preload.txt", "/etc/ld.so.preload"},
}};
constexpr std::array<Source, 8> folders{{
    {"cron.txt", "/etc/cron.d"},
    {"crontabs.txt", "/var/spool/cron/crontabs"},
    {"cron-daily.txt", "/etc/cron.daily"},
    {"cron-hourly.txt", "/etc/cron.hourly"},
    {"units.txt", "/etc/systemd/system"},
    {"temporary.txt", "/tmp"},
    {"temporary-kept.txt", "/var/tmp"},
    {"shared-memory.txt", "/dev/shm"},
}};
// Of one process; what its environment holds may be secret, what it is called is not.
constexpr std::array<const char*, 6> process_files{"status", "maps", "cmdline", "limits", "cgroup", "stack"};

std::optional<std::string> read_text(const std::string& path) {
  const OwnedDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!file) return std::nullopt;
  auto text = read_all(file.get(), file_bytes_most);
  if (text && text->size() > file_bytes_most) text->resize(file_bytes_most);
  return text;
}

std::string list_folder(const std::string& path) {
  std::vector<std::string> lines;
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(path.c_str()), &::closedir);
  if (folder == nullptr) return {};
  while (const dirent* entry = ::readdir(folder.get())) {  // NOLINT(concurrency-mt-unsafe): a stream of our own
    struct stat status{};
    if (::fstatat(::dirfd(folder.get()), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
    std::string target;
    if (S_ISLNK(status.st_mode)) {
      std::array<char, 4096> link{};
      const ssize_t size = ::readlinkat(::dirfd(folder.get()), entry->d_name, link.data(), link.size());
      if (size > 0) target.assign(link.data(), static_cast<std::size_t>(size));
    }
    lines.push_back(fmt::format("{:06o} {} {} {} {} {}{}{}\n", status.st_mode, status.st_uid, status.st_gid,
                                status.st_size, status.st_mtim.tv_sec, escape_terminal(entry->d_name),
                                target.empty() ? "" : " -> ", escape_terminal(target)));
    if (lines.size() == entries_most) break;
  }
  std::ranges::sort(lines);
  return fmt::format("{}", fmt::join(lines, ""));
}

std::string list_all_processes() {
  std::string out = "pid parent state uid login_uid started name executable command\n";
  for (const HostProcess& process : list_processes()) {
    std::string command = read_text(fmt::format("/proc/{}/cmdline", process.pid)).value_or("");
    std::ranges::replace(command, '\0', ' ');
    out += fmt::format("{} {} {} {} {} {} {} {} {}\n", process.pid, process.parent, process.state, process.uid,
                       process.login_uid == UINT32_MAX ? "-" : std::to_string(process.login_uid), process.started,
                       escape_terminal(process.name), escape_terminal(process.executable), escape_terminal(command));
  }
  return out;
}

std::string environment_names(int pid) {
  std::string out;
  const std::string environment = read_text(fmt::format("/proc/{}/environ", pid)).value_or("");
  for (const std::string_view entry : split(environment, '\0'))
    if (!entry.empty()) out += escape_terminal(entry.substr(0, entry.find('='))) + "\n";
  return out;
}

// Writes files into one folder, and down what they are.
class Bundle {
 public:
  explicit Bundle(int folder) : folder_(folder) {}
  Result<void> add(const std::string& name, const std::string& text) {
    TOCSIN_CHECK(write_file(folder_, name, text));
    entries_.emplace_back(name, text.size(), render_digest(sha256(as_bytes(text))));
    return {};
  }
  Result<void> close(std::string_view key, Time now) {
    std::string out;
    JsonWriter writer(out);
    writer.begin_object().member("version", 1).member("key", key).member("collected", render_time(now));
    writer.key("files").begin_array();
    for (const Entry& entry : entries_)
      writer.begin_object()
          .member("name", entry.name)
          .member("bytes", entry.bytes)
          .member("sha256", entry.digest)
          .end_object();
    writer.end_array().end_object();
    // Last: with it the collection is whole.
    return write_file(folder_, manifest_name, out + "\n");
  }
  std::size_t size() const noexcept { return entries_.size(); }

 private:
  struct Entry {
    std::string name;
    std::size_t bytes = 0;
    std::string digest;
  };
  const int folder_;
  std::vector<Entry> entries_;
};

Result<void> add_process(Bundle& bundle, int pid) {
  const std::string folder = fmt::format("/proc/{}/", pid);
  for (const char* name : process_files)
    if (const auto text = read_text(folder + name))
      TOCSIN_CHECK(bundle.add(fmt::format("process-{}-{}.txt", pid, name), *text));
  TOCSIN_CHECK(bundle.add(fmt::format("process-{}-open.txt", pid), list_folder(folder + "fd")));
  return bundle.add(fmt::format("process-{}-environment-names.txt", pid), environment_names(pid));
}

class CollectTriage final : public Action {
 public:
  explicit CollectTriage(const ActionEnvironment& environment)
      : clock_(environment.clock), directory_(environment.evidence_directory) {}
  const ActionSpec& spec() const noexcept override { return collect_triage_spec; }

  Result<Forecast> rehearse(const Parameters& parameters) override {
    Forecast forecast = describe_collect_triage(parameters);
    if (parameters.has("pid") && !read_process(static_cast<int>(parameters.number("pid"))))
      forecast.now.push_back(fmt::format("there is no process {}", parameters.number("pid")));
    return forecast;
  }

  Result<Outcome> apply(const Parameters& parameters, std::string_view key) override {
    if (::mkdir(directory_.c_str(), 0700) != 0 && errno != EEXIST)
      return fail_errno(fmt::format("cannot make {}", directory_), errno);
    TOCSIN_TRY(const OwnedDescriptor top, open_directory(directory_));
    TOCSIN_TRY(const OwnedDescriptor folder, make_directory(top.get(), name_of(key)));
    Bundle bundle(folder.get());
    // What vanishes first comes first.
    if (parameters.has("pid")) TOCSIN_CHECK(add_process(bundle, static_cast<int>(parameters.number("pid"))));
    TOCSIN_CHECK(bundle.add("processes.txt", list_all_processes()));
    for (const Source& source : files)
      if (const auto text = read_text(source.path)) TOCSIN_CHECK(bundle.add(source.name, *text));
    for (const Source& source : folders) TOCSIN_CHECK(bundle.add(source.name, list_folder(source.path)));
    TOCSIN_CHECK(bundle.close(key, clock_.now()));
    Outcome out;
    out.summary = fmt::format("{} files are in {}/{}", bundle.size(), directory_, name_of(key));
    out.outputs = {{"folder", fmt::format("{}/{}", directory_, name_of(key))},
                   {"files", std::to_string(bundle.size())}};
    return out;
  }

  Result<Verification> verify(const Parameters&, std::string_view key) override {
    struct stat status{};
    const std::string path = fmt::format("{}/{}/{}", directory_, name_of(key), manifest_name);
    if (::lstat(path.c_str(), &status) == 0) return Verification{Presence::in_effect, path};
    return Verification{Presence::absent, "nothing was collected, or not all of it"};
  }

  Result<Outcome> undo(const Parameters&, std::string_view, std::string_view) override {
    return fail(Code::conflict, "evidence is not taken back");
  }

 private:
  static std::string name_of(std::string_view key) { return render_digest(sha256(as_bytes(key))).substr(0, 32); }

  const Clock& clock_;
  const std::string directory_;
};

}  // namespace

Forecast describe_collect_triage(const Parameters& parameters) {
  Forecast forecast;
  forecast.would.emplace_back(
      "copy processes, connections, modules, mounts, accounts, cron and units into the evidence; nothing is changed");
  if (parameters.has("pid"))
    forecast.would.push_back(fmt::format("with the memory map and open files of process {}", parameters.number("pid")));
  forecast.touches.push_back({"file", "the evidence"});
  forecast.undo = "nothing to undo: evidence is kept";
  return forecast;
}

std::unique_ptr<Action> make_collect_triage(const ActionEnvironment& environment) {
  return std::make_unique<CollectTriage>(environment);
}

}  // namespace tocsin::responders
