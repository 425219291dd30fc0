#include "responders/action/processes/processes.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>

#include <fmt/format.h>

#include "collectors/base/text.h"

namespace tocsin::responders {
namespace {

constexpr std::size_t file_bytes_most = 64U << 10U;

std::string read_text(const std::string& path) {
  const OwnedDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  return file ? read_all(file.get(), file_bytes_most).value_or("") : std::string();
}

std::uint32_t number_after(std::string_view text, std::string_view mark) {
  const std::size_t at = text.find(mark);
  if (at == std::string_view::npos) return UINT32_MAX;
  std::string_view rest = text.substr(at + mark.size());
  rest = trim(rest.substr(0, rest.find('\n')));
  const auto number = parse_unsigned(rest.substr(0, rest.find_first_of("\t ")));
  return number && *number < UINT32_MAX ? static_cast<std::uint32_t>(*number) : UINT32_MAX;
}

std::uint64_t mask_after(std::string_view text, std::string_view mark) {
  const std::size_t at = text.find(mark);
  if (at == std::string_view::npos) return 0;
  std::string_view rest = text.substr(at + mark.size());
  const auto bytes = parse_hex(trim(rest.substr(0, rest.find('\n'))));
  std::uint64_t out = 0;
  if (bytes && bytes->size() == sizeof out)
    for (const std::uint8_t byte : *bytes) out = out << 8U | byte;
  return out;
}

}  // namespace

std::optional<HostProcess> parse_process_stat(std::string_view stat) {
  // The name may hold anything, a closing bracket too: the last one ends it.
  const std::size_t open = stat.find('(');
  const std::size_t close = stat.rfind(')');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) return std::nullopt;
  const auto fields = split(trim(stat.substr(close + 1)), ' ');
  const auto pid = parse_unsigned(trim(stat.substr(0, open)));
  if (!pid || fields.size() < 20 || fields[0].size() != 1) return std::nullopt;
  const auto parent = parse_unsigned(fields[1]);
  const auto started = parse_unsigned(fields[19]);
  if (!parent || !started || *pid > INT32_MAX || *parent > INT32_MAX) return std::nullopt;
  HostProcess out;
  out.pid = static_cast<int>(*pid);
  out.parent = static_cast<int>(*parent);
  out.state = fields[0][0];
  out.started = *started;
  out.name = stat.substr(open + 1, close - open - 1);
  return out;
}

std::optional<HostProcess> read_process(int pid) {
  const std::string folder = fmt::format("/proc/{}", pid);
  auto out = parse_process_stat(read_text(folder + "/stat"));
  if (!out) return std::nullopt;
  const std::string status = read_text(folder + "/status");
  out->uid = number_after(status, "\nUid:");
  out->pending = mask_after(status, "\nSigPnd:") | mask_after(status, "\nShdPnd:");
  const auto login = parse_unsigned(trim(read_text(folder + "/loginuid")));
  if (login && *login < UINT32_MAX) out->login_uid = static_cast<std::uint32_t>(*login);
  std::array<char, 4096> path{};
  const ssize_t size = ::readlink((folder + "/exe").c_str(), path.data(), path.size());
  if (size > 0) out->executable.assign(path.data(), static_cast<std::size_t>(size));
  return out;
}

std::vector<HostProcess> list_processes() {
  std::vector<HostProcess> out;
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir("/proc"), &::closedir);
  if (folder == nullptr) return out;
  while (const dirent* entry = ::readdir(folder.get()))  // NOLINT(concurrency-mt-unsafe): a stream of our own
    if (const auto pid = parse_unsigned(entry->d_name); pid && *pid <= INT32_MAX)
      if (auto process = read_process(static_cast<int>(*pid))) out.push_back(std::move(*process));
  return out;
}

std::vector<HostProcess> process_tree(int pid, std::size_t most) {
  std::vector<HostProcess> out;
  auto top = read_process(pid);
  if (!top) return out;
  out.push_back(std::move(*top));
  const std::vector<HostProcess> all = list_processes();
  for (std::size_t at = 0; at < out.size(); ++at)
    for (const HostProcess& process : all)
      if (process.parent == out[at].pid && out.size() < most &&
          std::none_of(out.begin(), out.end(), [&](const HostProcess& known) { return known.pid == process.pid; }))
        out.push_back(process);
  return out;
}

Result<OwnedDescriptor> hold_process(const HostProcess& process) {
  OwnedDescriptor out(static_cast<int>(syscall(SYS_pidfd_open, process.pid, 0)));
  if (!out && errno == ESRCH) return fail(Code::not_found, fmt::format("there is no process {}", process.pid));
  if (!out) return fail_errno(fmt::format("cannot hold process {}", process.pid), errno);
  // What is held now cannot be replaced any more; whether it is the one that was looked at shows its start.
  const auto now = read_process(process.pid);
  if (!now) return fail(Code::not_found, fmt::format("there is no process {}", process.pid));
  if (now->started != process.started)
    return fail(Code::conflict, fmt::format("the number {} belongs to another process now", process.pid));
  return out;
}

Result<void> signal_process(int pidfd, int signal) {
  if (syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0) == 0) return {};
  if (errno == ESRCH) return fail(Code::not_found, "the process has ended");
  return fail_errno("cannot signal the process", errno);
}

}  // namespace tocsin::responders
