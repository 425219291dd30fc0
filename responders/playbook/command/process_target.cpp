#include "responders/playbook/command/process_target.h"

#include <algorithm>

#include "collectors/base/text.h"

namespace tocsin::responders {
namespace {

constexpr std::string_view scheme = "process:";
constexpr std::uint64_t pid_most = 4'194'304;  // PID_MAX_LIMIT

}  // namespace

bool is_process_target(std::string_view text) noexcept { return text.starts_with(scheme); }

Result<ProcessTarget> parse_process_target(std::string_view text) {
  if (!is_process_target(text)) return fail(Code::invalid, "a process is written as process:PID");
  text.remove_prefix(scheme.size());
  ProcessTarget out;
  const std::size_t colon = std::min(text.find(':'), text.size());
  if (colon < text.size()) {
    out.executable = text.substr(colon + 1);
    if (!out.executable.starts_with('/') || out.executable.find('\0') != std::string::npos)
      return fail(Code::invalid, "the file that a process must run is an absolute path: process:PID:/PATH");
  }
  const std::string_view who = text.substr(0, colon);
  const std::size_t at = std::min(who.find('@'), who.size());
  const auto pid = parse_unsigned(who.substr(0, at));
  if (!pid || *pid == 0 || *pid > pid_most)
    return fail(Code::invalid, "the number of a process is a whole number from 1 to 4194304: process:PID");
  out.pid = *pid;
  if (at == who.size()) return out;
  out.started = parse_unsigned(who.substr(at + 1));
  if (!out.started)
    return fail(Code::invalid, "when a process began is a whole number of clock ticks: process:PID@TICKS");
  return out;
}

}  // namespace tocsin::responders
