#pragma once
// What the small programs that carry out responses (tocsin-responder, tocsin-runner) have in common: their options, the
// clock, the signals that end them, and the service manager's watchdog. For main() alone; one thread.

#include <optional>
#include <string>

#include "collectors/base/result.h"
#include "collectors/base/time.h"

namespace tocsin::responders {

// The wall clock enters such a process here.
class WallClock final : public Clock {
 public:
  Time now() const override;
};

struct ProgramOptions {
  std::string socket;
  std::string state;
  std::string config;
  bool dry_run = false;
  bool help = false;
};
// `defaults` with what --socket, --state, --config, --dry-run and --help say. usage: anything else.
Result<ProgramOptions> parse_program_options(int count, char** words, ProgramOptions defaults);

// Readable once SIGTERM or SIGINT came; SIGPIPE is ignored from now on.
int stop_descriptor();

// Tells the service manager that we live, as often as it asked for.
class Watchdog {
 public:
  explicit Watchdog(const Clock& clock);
  void tick();

 private:
  const Clock& clock_;
  const std::optional<Duration> interval_;
  Time last_;
};

}  // namespace tocsin::responders
