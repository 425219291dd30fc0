// tocsin-opener: opens packet rings, logs and sockets for tocsind and passes the descriptors. It parses no packet and
// no log line. Needs CAP_NET_RAW and CAP_DAC_READ_SEARCH for everything, and does what it may with less.

#include <getopt.h>
#include <pwd.h>
#include <sys/signalfd.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <iostream>

#include <fmt/format.h>

#include "collectors/base/text.h"
#include "collectors/opener/owner_helper.h"
#include "collectors/opener/sandbox.h"
#include "collectors/opener/server.h"

namespace {

using namespace tocsin;
using namespace tocsin::collectors;

// Only for the stamps of log lines; nothing is decided by it.
class WallClock final : public Clock {
 public:
  Time now() const override {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    return Time{std::chrono::seconds{now.tv_sec} + std::chrono::nanoseconds{now.tv_nsec}};
  }
};

struct Settings {
  std::string config = "/etc/tocsin/tocsin.yaml";
  std::string socket;
  int connection = -1;
  std::vector<uid_t> clients;
  std::vector<std::string> sockets;
  std::vector<std::string> outputs;
  bool help = false;
};

constexpr std::string_view usage =
    "tocsin-opener opens packet rings, logs and sockets for tocsind.\n\n"
    "  tocsin-opener --config /etc/tocsin/tocsin.yaml --socket /run/tocsin/opener.sock --client tocsin\n\n"
    "  --config FILE       whose `collect` section says what may be opened (default /etc/tocsin/tocsin.yaml)\n"
    "  --socket PATH       listen here; under systemd the socket is passed instead\n"
    "  --descriptor N      serve this connected socket and end with it\n"
    "  --client USER       who may ask, beside root and this user (may be repeated)\n"
    "  --runtime DIR       sockets may be bound inside (may be repeated)\n"
    "  --state DIR         directories inside may be opened for writing (may be repeated)\n";

Result<uid_t> find_user(const std::string& name) {
  if (const auto number = parse_unsigned(name); number && *number < UINT32_MAX) return static_cast<uid_t>(*number);
  const passwd* entry = ::getpwnam(name.c_str());
  if (entry == nullptr) return fail(Code::not_found, "there is no user " + name + "; see --client");
  return entry->pw_uid;
}

Result<Settings> parse_settings(int argc, char** argv) {
  static constexpr option known[] = {{"config", required_argument, nullptr, 'c'},
                                     {"socket", required_argument, nullptr, 's'},
                                     {"descriptor", required_argument, nullptr, 'd'},
                                     {"client", required_argument, nullptr, 'u'},
                                     {"runtime", required_argument, nullptr, 'r'},
                                     {"state", required_argument, nullptr, 'w'},
                                     {"help", no_argument, nullptr, 'h'},
                                     {}};
  Settings settings;
  for (int letter = 0; (letter = ::getopt_long(argc, argv, "h", known, nullptr)) != -1;) {
    switch (letter) {
      case 'c': settings.config = optarg; break;
      case 's': settings.socket = optarg; break;
      case 'd': {
        const auto number = parse_unsigned(optarg);
        if (!number || *number > 65535) return fail(Code::usage, "--descriptor takes a number");
        settings.connection = static_cast<int>(*number);
        break;
      }
      case 'u': {
        TOCSIN_TRY(const auto user, find_user(optarg));
        settings.clients.push_back(user);
        break;
      }
      case 'r': settings.sockets.emplace_back(optarg); break;
      case 'w': settings.outputs.emplace_back(optarg); break;
      case 'h': settings.help = true; break;
      default: return fail(Code::usage, "see tocsin-opener --help");
    }
  }
  if (optind < argc)
    return fail(Code::usage, std::string("unexpected `") + argv[optind] + "`; see tocsin-opener --help");
  return settings;
}

Result<AllowList> allowed_by(const Settings& settings) {
  TOCSIN_TRY(auto allowed, read_allow_list(settings.config));
  allowed.sockets = settings.sockets;
  allowed.outputs = settings.outputs;
  return allowed;
}

Result<OwnedDescriptor> block_signals() {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) ::sigaddset(&set, signal);
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  OwnedDescriptor signals(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals) return fail_errno("cannot receive signals", errno);
  return signals;
}

Result<void> find_socket(const Settings& settings, OpenerServerOptions& options) {
  if (settings.connection >= 0) {
    options.connection = OwnedDescriptor(settings.connection);
    return {};
  }
  if (::sd_listen_fds(1) > 0) {
    if (::sd_is_socket_unix(SD_LISTEN_FDS_START, SOCK_SEQPACKET, 1, nullptr, 0) <= 0)
      return fail(Code::usage,
                  "systemd passed a socket that is not ListenSequentialPacket=; correct tocsin-opener.socket");
    options.listener = OwnedDescriptor(SD_LISTEN_FDS_START);
    return {};
  }
  if (settings.socket.empty()) return fail(Code::usage, "say where to listen: --socket PATH; see tocsin-opener --help");
  TOCSIN_TRY(options.listener, listen_for_tocsind(settings.socket));
  return {};
}

// A log directory may be made later (nginx installed): its parent is let through, the allow list still decides.
std::string nearest_existing(std::string directory) {
  while (::access(directory.c_str(), F_OK) != 0 && directory.rfind('/') != 0) directory.resize(directory.rfind('/'));
  return directory;
}

Result<void> run(const Settings& settings, const Clock& clock, Log& log) {
  TOCSIN_TRY(auto allowed, allowed_by(settings));
  OpenerServerOptions options;
  TOCSIN_TRY(options.signals, block_signals());
  TOCSIN_CHECK(find_socket(settings, options));
  options.clients = settings.clients;
  SandboxPolicy policy;
  auto helper = start_owner_helper(clock);
  if (!helper) log.warning("owners of sockets: " + escape_terminal(helper.error().text()));
  policy.keep = {Capability::net_raw, Capability::dac_read_search};
  policy.packet_sockets = true;
  for (const auto& directory : allowed.readable_directories()) policy.read_only.push_back(nearest_existing(directory));
  policy.read_only.push_back(settings.config);
  policy.read_write = settings.sockets;
  policy.read_write.insert(policy.read_write.end(), settings.outputs.begin(), settings.outputs.end());
  TOCSIN_TRY(const auto report, confine(policy));
  for (const auto& layer : report.layers)
    log.info(
        fmt::format("sandbox: {} {} ({})", layer.name, layer_state_name(layer.state), escape_terminal(layer.detail)));
  Opener opener(std::move(allowed), clock, helper ? *std::move(helper) : OwnedDescriptor());
  options.reload = [&](Opener& running) {
    ::sd_notify(0, "RELOADING=1");
    if (auto again = allowed_by(settings)) running.replace(*std::move(again));
    else log.error("kept the old list: " + escape_terminal(again.error().text()));
    ::sd_notify(0, "READY=1");
  };
  log.info(fmt::format("ready: {} log globs, {} interfaces", opener.allowed().logs.size(),
                       opener.allowed().interfaces.size()));
  ::sd_notify(0, "READY=1\nSTATUS=opening for tocsind");
  auto served = serve(std::move(options), opener, log);
  ::sd_notify(0, "STOPPING=1");
  if (!settings.socket.empty() && settings.connection < 0) ::unlink(settings.socket.c_str());
  return served;
}

}  // namespace

int main(int argc, char** argv) {
  const WallClock clock;
  Log log(clock, LogLevel::info, std::getenv("JOURNAL_STREAM") != nullptr ? LogPrefix::journal : LogPrefix::plain);
  const auto settings = parse_settings(argc, argv);
  if (settings && settings->help) {
    std::cout << usage;
    return 0;
  }
  const auto result = settings ? run(*settings, clock, log) : Result<void>(std::unexpected(settings.error()));
  if (result) return 0;
  std::cerr << "tocsin-opener: " << escape_terminal(result.error().text()) << '\n';
  return exit_status(result.error().code);
}
