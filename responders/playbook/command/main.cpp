// tocsin-runner: carries out commands of playbooks (shells, ssh, HTTP, YARA) as a user of its own, without a
// capability. It believes nobody but its policy, its keys and the signature of a playbook.

#include <sys/prctl.h>
#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include <curl/curl.h>
#include <fmt/format.h>

#include "responders/guard/client.h"
#include "responders/guard/program.h"
#include "responders/guard/service.h"
#include "responders/playbook/command/server.h"

namespace {

using namespace tocsin;
using namespace tocsin::responders;

const ProgramOptions defaults{"/run/tocsin/runner.sock", "/var/lib/tocsin-runner", "/etc/tocsin/commands.yaml"};

constexpr const char* usage_text =
    "usage: tocsin-runner [--socket PATH] [--state DIR] [--config FILE] [--dry-run]\n"
    "\n"
    "Carries out commands of signed playbooks for tocsind, as its policy allows.\n"
    "  --socket PATH   where to listen (default /run/tocsin/runner.sock; a systemd socket is used when given)\n"
    "  --state DIR     journal of commands (default /var/lib/tocsin-runner)\n"
    "  --config FILE   policy (default /etc/tocsin/commands.yaml); what it does not name is not run\n"
    "  --dry-run       check policy, keys and journal, and leave\n";

Result<CommandPolicy> read_policy(const std::string& path) {
  std::ifstream file(path);
  if (!file) return fail(Code::not_found, fmt::format("cannot read the policy {}", path));
  const std::string text(std::istreambuf_iterator<char>(file), {});
  Diagnostics diagnostics;
  CommandPolicy policy = load_command_policy(text, path, diagnostics);
  for (const Diagnostic& diagnostic : diagnostics.all()) std::fputs((render_text(diagnostic) + "\n").c_str(), stderr);
  if (diagnostics.has_errors()) return fail(Code::invalid, "the policy has errors; nothing is run with half of it");
  return policy;
}

// Holds for every command as well: no program gains anything, none fills the disk or leaves a core file.
void confine() {
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  constexpr rlim_t file_most = 1ULL << 30U;
  const rlimit file{file_most, file_most};
  setrlimit(RLIMIT_FSIZE, &file);
}

Result<void> serve(const ProgramOptions& options) {
  const WallClock clock;
  Log log(clock, LogLevel::info, std::getenv("JOURNAL_STREAM") != nullptr ? LogPrefix::journal : LogPrefix::plain);
  TOCSIN_TRY(CommandPolicy policy, read_policy(options.config));
  TOCSIN_TRY(KeyStore keys, load_keys(policy.keys));
  std::string types;
  for (const std::string& type : policy.types) types += (types.empty() ? "" : ", ") + type;
  log.info(fmt::format("runs {}; {} keys", types.empty() ? "nothing" : types, keys.entries().size()));
  LenderFactory lender;
  if (!policy.responder.empty())
    lender = [path = policy.responder](Duration patience) { return std::make_unique<ResponderClient>(path, patience); };
  TOCSIN_TRY(const auto desk, CommandDesk::open(std::move(policy), std::move(keys), clock,
                                                options.state + "/commands.jsonl", std::move(lender)));
  if (options.dry_run) return {};
  TOCSIN_TRY(const int listener, listen_on(options.socket));
  const int stop = stop_descriptor();
  confine();
  CommandServer server(listener, *desk, log);
  tell_service_manager("READY=1");
  log.info(fmt::format("listening on {}", options.socket));
  Watchdog watchdog(clock);
  server.run(stop, [&] { watchdog.tick(); });
  tell_service_manager("STOPPING=1");
  return {};
}

}  // namespace

int main(int count, char** words) {
  const auto options = parse_program_options(count, words, defaults);
  if (!options) {
    std::fprintf(stderr, "tocsin-runner: %s\n", options.error().text().c_str());
    return exit_status(options.error().code);
  }
  if (options->help) {
    std::fputs(usage_text, stdout);
    return 0;
  }
  curl_global_init(CURL_GLOBAL_DEFAULT);
  const auto served = serve(*options);
  if (served) return 0;
  std::fprintf(stderr, "tocsin-runner: %s\n", served.error().text().c_str());
  return exit_status(served.error().code);
}
