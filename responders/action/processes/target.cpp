#include "responders/action/processes/target.h"

#include <algorithm>
#include <csignal>

#include <fmt/format.h>

#include "collectors/base/text.h"

namespace tocsin::responders {
namespace {

constexpr std::size_t tree_most = 4096;
constexpr int rounds_most = 16;

}  // namespace

Result<HostProcess> target_process(const Parameters& parameters) {
  const int pid = static_cast<int>(parameters.number("pid"));
  const auto top = read_process(pid);
  if (!top || top->gone()) return fail(Code::not_found, fmt::format("there is no process {}", pid));
  if (parameters.has("started") && parameters.number("started") != top->started)
    return fail(Code::conflict, fmt::format("the number {} belongs to another process now", pid));
  if (parameters.has("executable") && parameters.text("executable") != top->executable)
    return fail(Code::conflict, fmt::format("process {} runs {}, not {}", pid, escape_terminal(top->executable),
                                            escape_terminal(parameters.text("executable"))));
  return *top;
}

Result<std::vector<HostProcess>> target_processes(const Parameters& parameters) {
  TOCSIN_TRY(const HostProcess top, target_process(parameters));
  if (parameters.text("scope") != "tree") return std::vector<HostProcess>{top};
  return process_tree(top.pid, tree_most);
}

std::string shown(const HostProcess& process) {
  return fmt::format("{} ({}, uid {}, {})", process.pid, escape_terminal(process.name), process.uid,
                     process.executable.empty() ? "file not known" : escape_terminal(process.executable));
}

Result<std::size_t> signal_all(std::span<const HostProcess> processes, int signal) {
  std::size_t reached = 0;
  for (const HostProcess& process : processes) {
    const auto held = hold_process(process);
    const auto sent = held ? signal_process(held->get(), signal) : Result<void>(std::unexpected(held.error()));
    if (sent) ++reached;
    else if (sent.error().code != Code::not_found && sent.error().code != Code::conflict)
      return std::unexpected(sent.error());
  }
  return reached;
}

Result<std::vector<HostProcess>> stop_all(const Parameters& parameters) {
  std::vector<HostProcess> stopped;
  for (int round = 0; round < rounds_most; ++round) {
    TOCSIN_TRY(const std::vector<HostProcess> all, target_processes(parameters));
    std::vector<HostProcess> fresh;
    std::ranges::copy_if(all, std::back_inserter(fresh), [&](const HostProcess& process) {
      return std::ranges::none_of(stopped, [&](const HostProcess& known) {
        return known.pid == process.pid && known.started == process.started;
      });
    });
    if (fresh.empty()) return stopped;
    TOCSIN_TRY(const std::size_t reached, signal_all(fresh, SIGSTOP));
    stopped.insert(stopped.end(), fresh.begin(), fresh.end());
    if (reached == 0 || stopped.size() > tree_most) break;
  }
  return stopped;
}

std::string render_token(std::span<const HostProcess> processes) {
  std::string out;
  for (const HostProcess& process : processes)
    out += fmt::format("{}{}@{}", out.empty() ? "" : ",", process.pid, process.started);
  return out;
}

std::vector<HostProcess> parse_token(std::string_view token) {
  std::vector<HostProcess> out;
  for (const std::string_view part : split(token, ',')) {
    const std::size_t at = part.find('@');
    if (at == std::string_view::npos) continue;
    const auto pid = parse_unsigned(part.substr(0, at));
    const auto started = parse_unsigned(part.substr(at + 1));
    if (!pid || !started || *pid > INT32_MAX) continue;
    HostProcess process;
    process.pid = static_cast<int>(*pid);
    process.started = *started;
    out.push_back(std::move(process));
  }
  return out;
}

}  // namespace tocsin::responders
