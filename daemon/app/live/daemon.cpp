#include "daemon/app/live/daemon.h"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <future>

#include <fmt/format.h>

#include "collectors/base/counted.h"
#include "collectors/base/descriptor.h"
#include "collectors/base/heap.h"
#include "daemon/app/evidence/evidence_export.h"
#include "daemon/app/list_methods.h"
#include "daemon/app/live/interfaces.h"
#include "daemon/app/store_methods.h"
#include "daemon/app/suricata_settings.h"
#include "daemon/app/vocabulary.h"

namespace tocsin::daemon {
namespace {

std::string own_host_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 && name[0] != '\0' ? name : "localhost";
}

std::string user_name(std::uint32_t user) {
  passwd entry{};
  passwd* found = nullptr;
  std::array<char, 16384> buffer{};
  const bool known = ::getpwuid_r(user, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr;
  return known ? entry.pw_name : std::string();
}

collectors::AllowList allow_list(const Config& config) {
  collectors::AllowList out;
  for (const auto& log : config.collect.logs) out.logs.insert(out.logs.end(), log.paths.begin(), log.paths.end());
  if (config.collect.audit.enabled) out.logs.push_back(config.collect.audit.path);
  if (config.collect.journald.enabled) out.journals.push_back(config.collect.journald.directory);
  for (const auto& interface : config.collect.interfaces) out.interfaces.push_back(interface.name);
  return out;
}

}  // namespace

Daemon::Daemon(Config config, Places places, const Clock& clock, Random& random, Log& log)
    : config_(std::move(config)),
      places_(std::move(places)),
      clock_(clock),
      random_(random),
      log_(log),
      host_(config_.host.name.empty() ? own_host_name() : config_.host.name),
      started_(clock.now()),
      inbox_(std::max<std::size_t>(64, config_.limits.batches_waiting)) {}

Daemon::~Daemon() { stop(); }

Result<GenerationRef> Daemon::load_generation(const Config& config, std::uint64_t number) {
  auto next = std::make_shared<Generation>();
  next->number = number;
  Diagnostics diagnostics;
  TOCSIN_TRY(next->decoders, load_decoders(config, names_, diagnostics));
  auto options = engine_options(config, {});
  options.metrics = &metrics_;
  options.now = clock_.now();
  options.datasets.directory = config_.store.directory + "/datasets";
  next->engines = std::make_unique<Engines>(Engines::load(options, diagnostics));
  return_unused_heap();
  next->refused = diagnostics.errors();
  for (const auto& d : diagnostics.all())
    if (d.severity == Severity::error || d.code.starts_with('T') || d.code == "G0505") log_.warning(render_text(d));
  next->loads_again = next->engines->next_change(clock_.now());
  for (const auto& remark : next->engines->remarks()) log_.warning(remark);
  log_.info(fmt::format("{} loaded from {}, {} refused", counted(next->engines->loaded(), "rule"),
                        counted(next->engines->files(), "file"), next->refused));
  return next;
}

Result<void> Daemon::open_store() {
  StoreOptions store;
  store.free_least = config_.store.free_least.bytes;
  responders::CaseworkOptions casework;
  casework.grouping.window = config_.incidents.window;
  casework.grouping.age_most = config_.incidents.longest;
  // An alert whose actor is the host itself happened here; and the host's address must not tie strangers together.
  casework.grouping.own_addresses = own_addresses();
  if (casework.grouping.own_addresses.empty())
    remarks_.emplace_back(
        "the kernel does not tell this host's own addresses: own flows have no owner, and incidents may "
        "be tied together by them; allow AF_NETLINK to this process");
  casework.organization = config_.host.organization;
  casework.self = {static_cast<std::uint32_t>(::getuid()), responders::Actor::nobody, "tocsind"};
  KeeperOptions options{config_.store.directory, store, std::move(casework), responders::IncidentIds::random(random_),
                        config_.store.events};
  TOCSIN_TRY(keeper_, Keeper::open(std::move(options), clock_, names_));
  const auto current = generations_->current();
  for (auto& active : current->engines->active()) {
    TOCSIN_TRY(const auto saved, keeper_->store().detector(rules::engine_name(active.set->engine())));
    if (saved.empty()) continue;
    if (auto restored = active.state->restore(saved); !restored)
      log_.warning("state of an engine could not be restored: " + restored.error().text());
  }
  return {};
}

// Without a vault everything else goes on, and says so.
void Daemon::open_evidence() {
  auto key = find_vault_key(config_.evidence.key, config_.store.directory, MakeKey::yes);
  if (!key) return remarks_.push_back("evidence: " + key.error().text() + "; no packets are kept");
  EvidenceBookOptions options;
  options.most = config_.evidence.most.bytes;
  options.host = host_;
  options.self = {static_cast<std::uint32_t>(::getuid()), responders::Actor::nobody, "tocsind"};
  evidence_ = std::make_unique<EvidenceBook>(keeper_->store(), keeper_->casework(), *key, clock_, std::move(options),
                                             [this](const auto& work) { return keeper_->in_transaction(work); });
}

void Daemon::open_eve() {
  if (config_.eve.file.empty()) return;
  EveSinkOptions options;
  options.file = {config_.eve.file, config_.eve.rotate.bytes, config_.eve.most.bytes};
  auto settings = read_suricata_settings(config_.eve.suricata_yaml, {});
  if (settings) options.records = std::move(settings->eve);
  else remarks_.push_back("eve: " + settings.error().text() + "; Suricata's defaults are used");
  // Files are evidence and belong to the vault, not beside the records.
  options.records.files.keep = options.records.files.keep_all = false;
  const auto current = generations_->current();
  current->engines->complete(options.records);
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(config_.eve.file).parent_path(), error);
  eve_ = std::make_unique<EveSink>(std::move(options), clock_, log_, metrics_);
  eve_->count_rules({current->engines->loaded(), current->refused, 0});
}

Result<void> Daemon::open_collectors() {
  auto connected = collectors::OpenerClient::connect(config_.collect.opener, std::chrono::seconds{5});
  if (connected) opener_.emplace(std::move(*connected));
  else {
    remarks_.push_back("no opener: " + connected.error().message);
    opener_.emplace(collectors::OpenerClient::local(allow_list(config_), clock_));
  }
  files_ = std::make_unique<OpenedFiles>(*opener_);
  open_owners();
  for (const auto& wanted : config_.collect.interfaces) open_rings(wanted);
  TOCSIN_CHECK(open_logs());
  for (const auto& remark : remarks_) log_.warning(remark);
  return {};
}

void Daemon::open_owners() {
  if (!config_.collect.flow_owners || config_.collect.interfaces.empty()) return;
  auto connected = collectors::OpenerClient::connect(config_.collect.opener, std::chrono::seconds{2});
  if (connected) owner_asker_.emplace(*std::move(connected));
  else owner_asker_.emplace(collectors::OpenerClient::local({}, clock_));
  owners_ = std::make_unique<FlowOwners>(
      [this](const collectors::SocketQuestion& question) { return owner_asker_->socket_owner(question); }, user_name,
      metrics_);
}

Result<void> Daemon::open_logs() {
  LiveLogsOptions logs;
  logs.config = config_;
  logs.host = host_;
  if (auto zone = collectors::TimeZone::load(config_.collect.time_zone)) logs.zone = std::move(*zone);
  else remarks_.push_back("time zone: " + zone.error().text() + "; UTC is used");
  TOCSIN_TRY(logs.positions, keeper_->store().positions());
  logs.journal =
      config_.collect.journald.enabled && collectors::journal_readable(LiveLogs::journal_directory(config_.collect));
  const std::size_t wanted =
      config_.limits.log_workers == 0 ? std::max(1U, std::thread::hardware_concurrency()) : config_.limits.log_workers;
  logs.workers = std::clamp<std::size_t>(LiveLogs::sources(config_.collect), 1, wanted);
  for (logs.worker = 0; logs.worker < logs.workers; ++logs.worker)
    logs_.push_back(std::make_unique<LiveLogs>(logs, *files_, names_, *generations_, inbox_, clock_, log_, metrics_));
  return {};
}

void add_all_methods(MethodTable& methods, Daemon& daemon) {
  const std::filesystem::path store = daemon.config().store.directory;
  add_store_methods(methods, store, daemon.clock());
  add_evidence_export(methods, store, [&daemon](const std::function<Result<void>(Vault&)>& work) {
    return daemon.on_casework([&](Keeper&) -> Result<void> {
      if (daemon.evidence() == nullptr) return fail(Code::denied, "the vault is not open; see `tocsin status`");
      return work(daemon.evidence()->vault());
    });
  });
  intern_protocol_fields(daemon.names());
  add_list_methods(methods, daemon.names(), store);
  add_daemon_methods(methods, daemon);
  add_response_methods(methods, daemon);
  add_run_methods(methods, daemon);
  add_live_tuning_methods(methods, daemon);
  add_live_set_methods(methods, daemon);
  add_exercise_method(methods, daemon);
}

Result<void> Daemon::open_control() {
  add_all_methods(methods_, *this);
  ControlOptions options;
  options.path = config_.control.socket;
  options.policy.groups = find_role_groups({config_.control.viewer, config_.control.analyst, config_.control.responder,
                                            config_.control.approver, config_.control.admin});
  options.policy.own_user = ::getuid();
  options.connections_most = config_.control.connections_most;
  TOCSIN_TRY(control_, ControlServer::start(std::move(options), methods_));
  return {};
}

Result<void> Daemon::confine() {
  collectors::SandboxPolicy policy;
  policy.seccomp = config_.sandbox.seccomp;
  policy.landlock = config_.sandbox.landlock;
  policy.capabilities = config_.sandbox.capabilities;
  policy.read_only = collectors::system_read_only_paths();
  // A rule on a file ends with it, and these are replaced, not written: passwd by useradd, resolv.conf by DHCP. What an
  // ordinary user may read there is no secret.
  if (::geteuid() != 0) policy.read_only.emplace_back("/etc");
  const auto add = [&](const std::string& path) {
    std::error_code error;
    // Data of a build tree is behind links; the rule must name what they lead to.
    const auto real = std::filesystem::canonical(path, error);
    if (!error) policy.read_only.push_back(real);
  };
  for (const auto* list : {&config_.rules.packs, &config_.rules.paths, &config_.rules.indicators.paths,
                           &config_.rules.decoders, &config_.rules.views, &config_.respond.playbooks})
    for (const auto& path : *list) add(path);
  add(places_.data);
  add(config_.file);
  if (config_.collect.journald.enabled) {
    add(config_.collect.journald.directory);
    add("/run/log/journal");
  }
  // Where the tuning file cannot be written the commands say so; it is read wherever it is.
  add(std::filesystem::path(config_.rules.tuning).parent_path());
  add(config_.rules.installed);
  policy.read_write = {config_.store.directory, places_.state, places_.runtime};
  for (const auto& report : config_.reports) policy.read_write.push_back(report.directory);
  if (eve_) policy.read_write.push_back(std::filesystem::path(config_.eve.file).parent_path());
  if (!config_.metrics.textfile.empty())
    policy.read_write.push_back(std::filesystem::path(config_.metrics.textfile).parent_path());
  TOCSIN_TRY(sandbox_, collectors::confine(policy));
  for (const auto& layer : sandbox_.layers)
    if (layer.state != collectors::LayerState::active)
      log_.warning(
          fmt::format("sandbox: {} is {}: {}", layer.name, collectors::layer_state_name(layer.state), layer.detail));
  return {};
}

Result<void> Daemon::start() {
  TOCSIN_TRY(auto first, load_generation(config_, 1));
  generations_ = std::make_unique<Generations>(std::move(first));
  TOCSIN_CHECK(open_store());
  Diagnostics playbooks;
  response_ = std::make_unique<ResponseDesk>(PlaybookShelf::load(config_.respond, playbooks), config_, host_, inbox_,
                                             clock_, random_, log_);
  for (const auto& d : playbooks.all())
    if (d.severity == Severity::error) log_.warning(render_text(d));
  for (const auto& report : config_.reports) {
    std::error_code error;
    std::filesystem::create_directories(report.directory, error);
  }
  say_blind_since_last_run();
  open_evidence();
  open_eve();
  TOCSIN_CHECK(open_collectors());
  // From here on nothing more is opened that was not named; hostile bytes come only after this.
  TOCSIN_CHECK(confine());
  TOCSIN_TRY(auto reports,
             ReportDesk::open(keeper_->store(), clock_, config_.reports, host_, config_.host.organization));
  CaseworkOptionsLive live;
  live.events = config_.store.event_retention;
  live.alerts = config_.store.alert_retention;
  live.silence = config_.collect.silence;
  notify_ = std::make_unique<NotifyDesk>(config_.notify, clock_, log_, metrics_);
  casework_ = std::make_unique<CaseworkThread>(
      inbox_, *keeper_, std::move(reports), clock_, log_, metrics_, live,
      [this](const FiledAlert& alert) { filed(alert); }, CaseworkAides{evidence_.get(), owners_.get()});
  notify_->start();
  casework_->start();
  runs_ = std::make_unique<RunDesk>(
      RunDeskParts{config_.respond.mode, config_.respond.socket, config_.store.directory, response_->shelf(),
                   [this](auto change) { return on_casework(std::move(change), TaskWaits::nothing); },
                   config_.respond.runner, hunt_place(config_), packet_place()},
      clock_, random_, log_);
  runs_->start();
  response_->start(*runs_, packet_place());
  TOCSIN_CHECK(open_control());
  if (eve_) eve_->start();
  if (owners_) owners_->start();
  for (auto& ring : packets_) ring->start();
  for (auto& logs : logs_) logs->start();
  return {};
}

// Nobody watched while the daemon was down. Logs are read on from where it stopped; packets of that time are gone.
void Daemon::say_blind_since_last_run() {
  const auto positions = keeper_->store().positions();
  if (!positions || config_.collect.interfaces.empty()) return;
  const auto last = positions->find(std::string(alive_position));
  const auto since = last == positions->end() ? std::nullopt : parse_time(last->second);
  if (!since || *since >= started_) return;
  BlindInterval blind;
  blind.source = "packets";
  blind.cause = "tocsind was not running";
  blind.since = *since;
  blind.until = started_;
  if (auto added = keeper_->store().records().add_blind(blind); !added)
    log_.warning("blind interval: " + added.error().text());
  log_.warning(fmt::format("no packet was seen from {} to {}: tocsind was not running", render_time(*since),
                           render_time(started_)));
}

// What the kernel dropped before any ring.
void Daemon::watch_interfaces() {
  if (packets_.empty()) return;
  std::string text(65536, '\0');
  std::FILE* file = std::fopen("/proc/net/dev", "re");
  if (file == nullptr) return;
  text.resize(std::fread(text.data(), 1, text.size(), file));
  std::fclose(file);
  const auto drops = parse_interface_drops(text);
  for (const auto& one : interfaces())
    if (const auto found = drops.find(one.name.substr(one.name.find(':') + 1)); found != drops.end())
      watch_.tell_interface(found->first, found->second, clock_.now());
}

void Daemon::tick() {
  watch_interfaces();
  reopen_rings();
  datasets_.save_seldom(*generations_->current()->engines, clock_.now());
  const auto& metrics = config_.metrics;
  if (metrics.textfile.empty() || clock_.now() - metrics_written_ < metrics.every) return;
  metrics_written_ = clock_.now();
  // Renamed into place: the node exporter never reads half a file.
  if (const auto written = replace_file(metrics.textfile, as_bytes(metrics_.render_openmetrics()), 0644); !written)
    log_.limited(LogLevel::warning, "textfile", written.error().text());
}

void Daemon::stop() {
  if (control_) control_->stop();
  for (auto& ring : packets_) ring->stop();
  for (auto& logs : logs_) logs->stop();
  for (auto& ring : packets_) ring->join();
  for (auto& logs : logs_) logs->join();
  if (owners_) owners_->stop();
  if (runs_) runs_->stop();
  if (response_) response_->stop();
  inbox_.close();
  if (casework_) casework_->join();
  if (generations_) datasets_.save(*generations_->current()->engines);
  if (eve_) eve_->stop();
  if (notify_) notify_->stop();
}

Result<void> Daemon::on_casework(std::function<Result<void>(Keeper&)> change, TaskWaits waits) {
  auto promise = std::make_shared<std::promise<Result<void>>>();
  auto outcome = promise->get_future();
  Work work;
  work.waits = waits;
  work.task = [promise, change = std::move(change)](CaseworkThread& casework) {
    promise->set_value(casework.in_transaction([&] { return change(casework.keeper()); }));
  };
  if (!inbox_.send(std::move(work))) return fail(Code::unreachable, "the daemon is stopping");
  return outcome.get();
}

Result<void> Daemon::settle() {
  auto promise = std::make_shared<std::promise<void>>();
  auto done = promise->get_future();
  Work work;
  work.task = [promise](CaseworkThread&) { promise->set_value(); };
  if (!inbox_.send(std::move(work))) return fail(Code::unreachable, "the daemon is stopping");
  done.get();
  return {};
}

}  // namespace tocsin::daemon
