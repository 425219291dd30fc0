// tocsind: reads its configuration, starts the daemon, waits for signals.

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include <fmt/format.h>

#include "daemon/app/live/daemon.h"
#include "daemon/app/system_clock.h"

namespace {

using namespace tocsin;
using namespace tocsin::daemon;

constexpr std::string_view usage =
    "tocsind: watches this host. Started by systemd, or by hand:\n"
    "  tocsind [--config FILE]\n"
    "Signals: HUP reloads rules and decoders, TERM and INT stop orderly.\n"
    "TOCSIN_STATE, TOCSIN_RUNTIME and TOCSIN_DATA move its directories. See tocsin(1).\n";

// Every thread started later inherits the mask: signals come to the descriptor only.
int signal_descriptor() {
  sigset_t wanted;
  sigemptyset(&wanted);
  for (const int number : {SIGHUP, SIGTERM, SIGINT}) sigaddset(&wanted, number);
  sigprocmask(SIG_BLOCK, &wanted, nullptr);
  signal(SIGPIPE, SIG_IGN);
  return signalfd(-1, &wanted, SFD_CLOEXEC);
}

// A reload compiles every rule again on this thread; the watchdog gives it as much time as a start has.
void reload(Daemon& daemon) {
  constexpr std::uint64_t patience_us = 300'000'000;
  std::uint64_t usual_us = 0;
  const bool watched = sd_watchdog_enabled(0, &usual_us) > 0;
  sd_notify(0, "RELOADING=1");
  if (watched) sd_notify(0, fmt::format("WATCHDOG_USEC={}", std::max(usual_us, patience_us)).c_str());
  // What went wrong is in the log; what was in force stays.
  [[maybe_unused]] const auto reloaded = daemon.reload();
  if (watched) sd_notify(0, fmt::format("WATCHDOG_USEC={}", usual_us).c_str());
  sd_notify(0, "READY=1\nSTATUS=watching");
}

int serve(Daemon& daemon, int signals, Log& log) {
  constexpr int tick_ms = 1000;
  for (;;) {
    pollfd waiting{signals, POLLIN, 0};
    const int ready = ::poll(&waiting, 1, tick_ms);
    daemon.tick();
    sd_notify(0, "WATCHDOG=1");
    if (daemon.reload_due()) reload(daemon);
    if (ready <= 0) continue;
    signalfd_siginfo info{};
    if (::read(signals, &info, sizeof info) != sizeof info) continue;
    if (info.ssi_signo == SIGHUP) {
      reload(daemon);
      continue;
    }
    log.info("stopping");
    sd_notify(0, "STOPPING=1");
    daemon.stop();
    return 0;
  }
}

}  // namespace

int main(int argc, char** argv) {
  auto places = find_places();
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--config" && i + 1 < argc) places.config = argv[++i];
    else if (argument == "--version") return std::puts("tocsind " TOCSIN_VERSION) == EOF ? 1 : 0;
    else {
      std::fputs(usage.data(), argument == "--help" || argument == "-h" ? stdout : stderr);
      return argument == "--help" || argument == "-h" ? 0 : 2;
    }
  }
  const int signals = signal_descriptor();
  const SystemClock clock;
  SystemRandom random;
  Log log(clock, LogLevel::info, std::getenv("JOURNAL_STREAM") != nullptr ? LogPrefix::journal : LogPrefix::plain);
  Diagnostics diagnostics;
  auto config = read_config(places.config, places, diagnostics);
  for (const auto& d : diagnostics.all()) std::fputs((render_text(d) + '\n').c_str(), stderr);
  if (!config) {
    log.error(config.error().text());
    return exit_status(config.error().code);
  }
  Daemon daemon(std::move(*config), places, clock, random, log);
  if (auto started = daemon.start(); !started) {
    log.error("cannot start: " + started.error().text());
    daemon.stop();
    return exit_status(started.error().code);
  }
  log.info("watching");
  sd_notify(0, "READY=1\nSTATUS=watching");
  return serve(daemon, signals, log);
}
