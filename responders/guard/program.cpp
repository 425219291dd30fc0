#include "responders/guard/program.h"

#include <sys/signalfd.h>

#include <csignal>
#include <ctime>

#include <fmt/format.h>

#include "responders/guard/service.h"

namespace tocsin::responders {

Time WallClock::now() const {
  timespec time{};
  clock_gettime(CLOCK_REALTIME, &time);
  return Time{std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec)};
}

Result<ProgramOptions> parse_program_options(int count, char** words, ProgramOptions defaults) {
  ProgramOptions out = std::move(defaults);
  for (int i = 1; i < count; ++i) {
    const std::string word = words[i];
    std::string* target = word == "--socket"   ? &out.socket
                          : word == "--state"  ? &out.state
                          : word == "--config" ? &out.config
                                               : nullptr;
    if (target != nullptr) {
      if (i + 1 == count) return fail(Code::usage, word + " needs a value");
      *target = words[++i];
    } else if (word == "--dry-run") {
      out.dry_run = true;
    } else if (word == "--help" || word == "-h") {
      out.help = true;
    } else {
      return fail(Code::usage, fmt::format("unknown option {}; see --help", word));
    }
  }
  return out;
}

int stop_descriptor() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  return ::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

Watchdog::Watchdog(const Clock& clock) : clock_(clock), interval_(watchdog_interval()), last_(clock.now()) {}

void Watchdog::tick() {
  if (!interval_ || clock_.now() - last_ < *interval_) return;
  last_ = clock_.now();
  tell_service_manager("WATCHDOG=1");
}

}  // namespace tocsin::responders
