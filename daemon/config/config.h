#pragma once
// The whole configuration of Tocsin as one typed value. Defaults here equal the shipped etc/tocsin.yaml (a test holds
// them together). Read once at start and again on SIGHUP; plain data, copy it freely.
//
// Paths may be relative: data (rules, decoders, playbooks) to the data directory, kept things to the state directory,
// sockets to the runtime directory. `resolve_paths` (places.h) makes them absolute.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/address.h"
#include "collectors/base/diagnostic.h"
#include "collectors/base/result.h"
#include "collectors/base/time.h"
#include "rules/indicator/indicator.h"
#include "rules/signature/parse/syntax.h"

namespace tocsin::daemon {

struct ByteSize {
  std::uint64_t bytes = 0;
  friend auto operator<=>(const ByteSize&, const ByteSize&) = default;
};
// "512MiB", "10GiB", "4096": the largest binary unit that divides evenly.
std::string render_byte_size(ByteSize size);

constexpr ByteSize kibibytes(std::uint64_t count) { return {count << 10U}; }
constexpr ByteSize mebibytes(std::uint64_t count) { return {count << 20U}; }
constexpr ByteSize gibibytes(std::uint64_t count) { return {count << 30U}; }
constexpr Duration days(std::int64_t count) { return std::chrono::hours{24 * count}; }

struct HostConfig {
  std::string name;  // empty: the machine's own host name
  std::string organization;
};

struct InterfaceConfig {
  std::string name;           // "auto": every interface that is up and not loopback
  std::string filter;         // BPF, as tcpdump takes it
  std::uint32_t workers = 0;  // 0: one per processor
  ByteSize ring = mebibytes(32);
  std::uint32_t snapshot = 262144;  // bytes kept of each packet
  bool promiscuous = true;
};

enum class LogKind : std::uint8_t { automatic, syslog, web, audit, json };

struct LogConfig {
  std::vector<std::string> paths;  // absolute; globs allowed
  LogKind kind = LogKind::automatic;
  bool unless_journal = false;  // not followed while the journal, which has the same lines, can be read
  std::string program;          // whose lines these are, where they carry no syslog tag
};

struct JournaldConfig {
  bool enabled = true;
  std::string directory = "/var/log/journal";
};

struct AuditConfig {
  bool enabled = true;
  std::string path = "/var/log/audit/audit.log";
};

// An alarm for sources that fall silent.
struct SilenceConfig {
  bool enabled = true;
  Duration least = std::chrono::minutes{15};  // nobody is called silent before
  // "journal", "log:/var/log/*", "*@db1" → how long it may be silent; 0s: as long as it likes. Others: as they were.
  std::map<std::string, std::string> after;
};

struct CollectConfig {
  std::vector<InterfaceConfig> interfaces = {{"auto", {}}};
  std::vector<LogConfig> logs = {
      {{"/var/log/auth.log"}, LogKind::syslog, true},
      {{"/var/log/nginx/*access.log", "/var/log/apache2/*access.log"}, LogKind::web},
      {{"/var/log/nginx/*error.log", "/var/log/apache2/*error.log", "/var/log/dpkg.log"}, LogKind::automatic}};
  JournaldConfig journald;
  AuditConfig audit;
  std::string opener;  // socket of tocsin-opener; relative to the runtime directory
  std::string time_zone = "local";
  bool flow_owners = true;  // ask whose sockets the flows of this host are
  SilenceConfig silence;
  CollectConfig() : opener("opener.sock") {}
};

struct IndicatorsConfig {
  std::vector<std::string> paths;           // files and directories of lists; beside the configuration's file
  std::vector<std::string> allow;           // addresses, networks, domains with all below them
  Duration window = std::chrono::hours{1};  // one alert for each indicator and who met it
  std::uint32_t most = 4'000'000;           // entries, of all lists
  std::uint32_t confidence = 50;            // of entries whose list does not say it
  rules::indicator::Reach match = rules::indicator::Reach::subdomains;  // of domains whose list does not say it
};

struct RulesConfig {
  std::vector<std::string> packs = {"rules"};                    // directories; relative to the data directory
  std::vector<std::string> paths;                                // further files and directories
  std::vector<std::string> decoders = {"decoders"};              // relative to the data directory
  std::vector<std::string> views = {"views"};                    // relative to the data directory
  std::vector<Network> home_networks;                            // HOME_NET; EXTERNAL_NET is the rest
  std::map<std::string, std::string> variables;                  // others, e.g. HTTP_PORTS: "[80,8080]"
  std::string installed = "rules";                               // of `rule update`; relative to the state directory
  std::string tuning = "rules/tuning.yaml";                      // relative to the state directory; empty: none
  std::map<std::string, std::vector<std::string>> placeholders;  // of Sigma rules: %name% → values
  Duration lateness{};  // Sigma correlations take events this late; their windows close so much later
  // Of signatures in files whose name does not say it.
  rules::signature::Syntax syntax = rules::signature::Syntax::automatic;
  IndicatorsConfig indicators;
  RulesConfig();
};

struct IncidentsConfig {
  Duration window = std::chrono::hours{1};  // alerts this close, that share an entity, are one incident
  Duration longest = std::chrono::hours{24};
};

enum class RespondMode : std::uint8_t { rehearse, apply };
// required: `tocsin playbook run` carries out signed playbooks only.
enum class RespondSignatures : std::uint8_t { optional, required };

struct RespondConfig {
  RespondMode mode = RespondMode::rehearse;
  std::string triggers = "playbooks/triggers.yaml";    // relative to the data directory
  std::vector<std::string> playbooks = {"playbooks"};  // relative to the data directory
  std::string socket = "responder.sock";               // relative to the runtime directory
  std::string runner;                                  // socket of tocsin-runner, the same way; empty: none
  RespondSignatures signatures = RespondSignatures::optional;
  std::string keys = "playbook-keys";  // of who may sign playbooks; relative to the configuration's directory
};

// What must be handled with more care: hosts by name, networks, accounts. Levels are the guard's (asset_modes).
struct AssetConfig {
  std::uint32_t level = 1;  // 1-5, 5 the most precious
  std::vector<std::string> hosts;
  std::vector<std::string> networks;
  std::vector<std::string> users;
};

enum class SinkKind : std::uint8_t { mail, webhook, syslog };

struct SinkConfig {
  std::string name;
  SinkKind kind = SinkKind::syslog;
  std::string address;           // mail: recipients with commas; webhook: URL; syslog: host:port or a socket path
  std::string server;            // mail only: smtp://host:port or smtps://host:port
  std::string from;              // mail only
  std::string credentials_file;  // file with "user:password" or a bearer token; never in this configuration
  std::uint32_t least_severity = 70;
  std::uint32_t most_per_hour = 60;
  rules::Tlp max_tlp = rules::tlp_most;  // never red; what is stricter goes without its content
};

enum class ReportKind : std::uint8_t { daily, weekly, monthly, incident };
enum class ReportFormat : std::uint8_t { html, markdown, csv, json };

struct ReportConfig {
  ReportKind kind = ReportKind::daily;
  std::string calendar;  // systemd.time(7) style, e.g. "*-*-* 06:00"
  std::string time_zone = "local";
  std::vector<ReportFormat> formats = {ReportFormat::html, ReportFormat::json};
  std::string directory = "reports";     // relative to the state directory
  bool catch_up = true;                  // make the ones missed while the daemon was down
  rules::Tlp max_tlp = rules::tlp_most;  // never red; of what is stricter the numbers alone
};

struct RetentionConfig {
  Duration keep{};  // 0: no limit by age
  ByteSize most{};  // 0: no limit by size
};

struct StoreConfig {
  std::string directory = "store";  // relative to the state directory
  std::vector<std::string> events = {"authentication", "process", "file", "network", "http", "dns", "tls", "web",
                                     "audit",          "loss"};
  RetentionConfig event_retention = {days(30), gibibytes(10)};
  RetentionConfig alert_retention = {days(400), gibibytes(4)};
  ByteSize free_least = gibibytes(1);  // below this much free disk storing stops; detection goes on
};

// The vault, and packets on their way into it.
struct EvidenceConfig {
  std::string key;                          // file; empty: the credential evidence.key, else made in the store
  ByteSize most = gibibytes(2);             // of the vault; then the oldest of closed incidents goes
  ByteSize recent_packets = mebibytes(32);  // memory per packet worker; 0: no packet is kept
  ByteSize recent_files = mebibytes(16);    // memory per packet worker for files that flows carry; 0: none is kept
  ByteSize file = mebibytes(8);             // of one file
  ByteSize before = mebibytes(1);           // of a flow, from before its alert
  Duration after = std::chrono::seconds{10};
  ByteSize after_most = kibibytes(256);
};

// Records as Suricata's EVE writes them.
struct EveConfig {
  std::string file;                      // relative to the state directory; empty: none
  std::string suricata_yaml;             // whose outputs say which records; empty: Suricata's defaults
  ByteSize rotate = mebibytes(256);      // 0: never
  ByteSize most = gibibytes(4);          // of the older files together; 0: no limit
  rules::Tlp max_tlp = rules::tlp_most;  // of alerts; never red
};

struct ControlConfig {
  std::string socket = "control.sock";  // relative to the runtime directory
  // unix groups whose members hold a role; a missing group gives the role to nobody
  std::string viewer = "tocsin-viewer";
  std::string analyst = "tocsin-analyst";
  std::string responder = "tocsin-responder";
  std::string approver = "tocsin-approver";
  std::string admin = "tocsin-admin";
  std::uint32_t connections_most = 64;
};

struct MetricsConfig {
  std::string textfile;  // e.g. /var/lib/prometheus/node-exporter/tocsin.prom; empty: none
  Duration every = std::chrono::seconds{15};
};

struct LimitsConfig {
  std::uint32_t log_workers = 0;  // 0: one per processor
  std::uint32_t flows = 262144;
  ByteSize stream_memory = mebibytes(256);
  Duration stream_wait =
      std::chrono::milliseconds{20};  // for more, before rules look at what a stream brought; 0: no end
  ByteSize line = mebibytes(1);       // longer log lines are cut and counted
  ByteSize file = mebibytes(64);      // larger files are scanned up to here
  std::uint32_t batches_waiting = 64;
  std::uint32_t alerts_waiting = 4096;
};

struct SandboxConfig {
  bool seccomp = true;
  bool landlock = true;
  bool capabilities = true;  // drop all of them
};

struct Config {
  std::string file;   // where it was read from; empty for the built-in defaults
  std::string cache;  // directory of compiled rules, from Places: not in the file; empty: none is kept
  HostConfig host;
  CollectConfig collect;
  RulesConfig rules;
  IncidentsConfig incidents;
  RespondConfig respond;
  std::vector<AssetConfig> assets;
  std::vector<SinkConfig> notify;
  std::vector<ReportConfig> reports;
  StoreConfig store;
  EvidenceConfig evidence;
  EveConfig eve;
  ControlConfig control;
  MetricsConfig metrics;
  LimitsConfig limits;
  SandboxConfig sandbox;
  Config();
};

// Every mistake becomes a diagnostic with its place (C0001 syntax, C0002 unknown key, C0003 wrong type, C0004 value out
// of range, C0005 key twice, C0006 something missing). Errors → Code::invalid; warnings alone load.
Result<Config> load_config(std::string_view text, std::string_view file, Diagnostics& diagnostics);

// The effective configuration as YAML, every key written out. load_config of it gives the same Config.
std::string render_config(const Config& config);
// The same as one JSON object.
std::string render_config_json(const Config& config);

std::string_view name_of(LogKind kind) noexcept;
std::string_view name_of(RespondMode mode) noexcept;
std::string_view name_of(RespondSignatures signatures) noexcept;
std::string_view name_of(rules::signature::Syntax syntax) noexcept;
std::string_view name_of(rules::indicator::Reach reach) noexcept;
std::string_view name_of(rules::Tlp tlp) noexcept;
std::string_view name_of(SinkKind kind) noexcept;
std::string_view name_of(ReportKind kind) noexcept;
std::string_view name_of(ReportFormat format) noexcept;

}  // namespace tocsin::daemon
