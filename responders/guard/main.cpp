// tocsin-responder: the one process that may act on this host. It holds the guard and the actions, takes typed requests
// over its own socket, and knows nothing of alerts, rules or the network beyond.

#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include <curl/curl.h>
#include <fmt/format.h>

#include "collectors/base/log.h"
#include "responders/action/table.h"
#include "responders/guard/confine.h"
#include "responders/guard/guard.h"
#include "responders/guard/program.h"
#include "responders/guard/server.h"
#include "responders/guard/service.h"

namespace {

using namespace tocsin;
using namespace tocsin::responders;

const ProgramOptions defaults{"/run/tocsin/responder.sock", "/var/lib/tocsin/responder", ""};

constexpr const char* usage_text =
    "usage: tocsin-responder [--socket PATH] [--state DIR] [--config FILE] [--dry-run]\n"
    "\n"
    "Holds the guard and the actions; listens for requests of tocsind and tocsin.\n"
    "  --socket PATH   where to listen (default /run/tocsin/responder.sock; a systemd socket is used when given)\n"
    "  --state DIR     journal and quarantine (default /var/lib/tocsin/responder)\n"
    "  --config FILE   policy; without one everything is rehearsed and nothing applied\n"
    "  --dry-run       check policy and journal, say what could be applied, and leave\n";

Result<Policy> read_policy(const ProgramOptions& options) {
  Policy policy;
  std::string text;
  if (!options.config.empty()) {
    std::ifstream file(options.config);
    if (!file) return fail(Code::not_found, fmt::format("cannot read the policy {}", options.config));
    text.assign(std::istreambuf_iterator<char>(file), {});
  }
  Diagnostics diagnostics;
  policy = load_policy(text, options.config, diagnostics);
  for (const Diagnostic& diagnostic : diagnostics.all()) std::fputs((render_text(diagnostic) + "\n").c_str(), stderr);
  if (diagnostics.has_errors())
    return fail(Code::invalid, "the policy has errors; the guard does not start with half of it");
  // Its own records and the quarantine are nothing to be quarantined.
  policy.never_touch_paths.push_back(options.state);
  policy.own_user = ::geteuid();
  return policy;
}

Result<void> make_state(const std::string& path) {
  for (std::size_t slash = path.find('/', 1); slash != std::string::npos; slash = path.find('/', slash + 1))
    ::mkdir(path.substr(0, slash).c_str(), 0755);
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
    return fail_errno(fmt::format("cannot make {}", path), errno);
  return {};
}

// SIGHUP: the policy is read again.
int reload_descriptor() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGHUP);
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  return ::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

// What is live is looked at again with it. Channels and isolation are the actions' own and stay until the next start.
void reload_policy(int descriptor, const ProgramOptions& options, Policy& policy, Guard& guard, Log& log) {
  signalfd_siginfo signal{};
  if (::read(descriptor, &signal, sizeof signal) != static_cast<ssize_t>(sizeof signal)) return;
  auto fresh = read_policy(options);
  if (!fresh) {
    log.error(fmt::format("{}; the policy stays as it was", fresh.error().text()));
    return;
  }
  policy = std::move(*fresh);
  guard.policy_changed();
  log.info(fmt::format("policy read again: mode {}", guard_mode_name(policy.mode)));
}

void report_abilities(Guard& guard, const Abilities& abilities, Log& log) {
  for (const ActionRow& row : all_actions()) {
    const std::string& why = abilities.why_not(row.spec.capability);
    if (why.empty()) continue;
    log.warning(fmt::format("{}: {}", row.spec.name, why));
    guard.set_unavailable(std::string(row.spec.name), why);
  }
}

void tell_anchor(JournalAnchor& anchor, const Guard& guard, Time now, Log& log) {
  const GuardStatus status = guard.status();
  if (const auto text = anchor.tell(status.sequence, status.head, now)) log.info(*text);
}

Result<void> serve(const ProgramOptions& options) {
  const WallClock clock;
  SystemRandom random;
  Log log(clock, LogLevel::info, std::getenv("JOURNAL_STREAM") != nullptr ? LogPrefix::journal : LogPrefix::plain);
  TOCSIN_TRY(Policy policy, read_policy(options));
  TOCSIN_CHECK(make_state(options.state));
  const ActionEnvironment environment{clock,
                                      random,
                                      options.state + "/quarantine",
                                      policy.channels,
                                      policy.isolation,
                                      options.state + "/evidence",
                                      options.state + "/before",
                                      options.state + "/documents",
                                      {},
                                      {}};
  Guard::Actions actions;
  for (const ActionRow& row : all_actions())
    if (row.make != nullptr) actions.push_back(row.make(environment));
  SystemFacts facts;
  TOCSIN_TRY(const auto guard, Guard::open(policy, facts, clock, std::move(actions), options.state + "/journal.jsonl"));
  report_abilities(*guard, read_abilities(), log);
  const GuardStatus status = guard->status();
  log.info(fmt::format("mode {}{}, {} live, {} pending, journal at {}", guard_mode_name(status.mode),
                       status.halted ? ", HALTED" : "", status.live, status.pending, status.sequence));
  if (options.dry_run) return {};
  TOCSIN_TRY(const int listener, listen_on(options.socket));
  GuardServer server(listener, *guard, log);
  const int stop = stop_descriptor();
  const int reload = reload_descriptor();
  TOCSIN_CHECK(drop_capabilities());
  TOCSIN_CHECK(filter_system_calls());
  tell_service_manager("READY=1");
  log.info(fmt::format("listening on {}", options.socket));
  Watchdog watchdog(clock);
  JournalAnchor anchor;
  // Not after every request: each turn looks at all that is live.
  constexpr auto tick_every = std::chrono::milliseconds(900);
  Time ticked{};
  server.run(stop, [&] {
    reload_policy(reload, options, policy, *guard, log);
    if (const Time now = clock.now(); now - ticked >= tick_every || now < ticked) {
      ticked = now;
      guard->tick();
      if (anchor.is_due(now)) tell_anchor(anchor, *guard, now, log);
    }
    watchdog.tick();
  });
  tell_service_manager("STOPPING=1");
  tell_anchor(anchor, *guard, clock.now(), log);
  log.info("stopped; what is live stays until it expires or is undone");
  return {};
}

}  // namespace

int main(int count, char** words) {
  const auto options = parse_program_options(count, words, defaults);
  if (!options) {
    std::fprintf(stderr, "tocsin-responder: %s\n", options.error().text().c_str());
    return exit_status(options.error().code);
  }
  if (options->help) {
    std::fputs(usage_text, stdout);
    return 0;
  }
  // Nothing of ours belongs into a core file or another process.
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  curl_global_init(CURL_GLOBAL_DEFAULT);
  const auto served = serve(*options);
  if (served) return 0;
  std::fprintf(stderr, "tocsin-responder: %s\n", served.error().text().c_str());
  return exit_status(served.error().code);
}
