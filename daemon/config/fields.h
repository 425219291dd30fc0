#pragma once
// THE field table: each section names its keys once, and reading, showing and the key list all walk it.
// `Archive` is a reader or a writer; it is called as archive(key, member) or archive(key, member, check), where `check`
// gives the complaint about a value or an empty view. Private to daemon/config.

#include <string_view>

#include "collectors/base/address.h"
#include "daemon/config/config.h"

namespace tocsin::daemon {

namespace check {

inline std::string_view severity(const std::uint32_t& v) { return v <= 100 ? "" : "must be between 0 and 100"; }
inline std::string_view workers(const std::uint32_t& v) { return v <= 256 ? "" : "must be between 0 and 256"; }
inline std::string_view some(const std::uint32_t& v) { return v > 0 ? "" : "must be at least 1"; }
inline std::string_view filled(const std::string& v) { return !v.empty() ? "" : "must not be empty"; }
inline std::string_view limit(const rules::Tlp& v) {
  return v != rules::Tlp::red ? "" : "must be below red: TLP:RED never leaves the host by itself";
}
inline std::string_view absolute(const std::string& v) { return v.starts_with('/') ? "" : "must be an absolute path"; }
inline std::string_view absolute_all(const std::vector<std::string>& v) {
  if (v.empty()) return "must name at least one path";
  for (const auto& path : v)
    if (!path.starts_with('/')) return "must hold absolute paths only";
  return "";
}
inline std::string_view level(const std::uint32_t& v) { return v >= 1 && v <= 5 ? "" : "must be between 1 and 5"; }
inline std::string_view networks(const std::vector<std::string>& v) {
  for (const auto& text : v)
    if (!parse_network(text, HostBits::refuse)) return "must hold networks and addresses, such as 192.0.2.0/24";
  return "";
}
inline std::string_view positive(const Duration& v) { return v > Duration{0} ? "" : "must be longer than zero"; }
inline std::string_view not_negative(const Duration& v) { return v >= Duration{0} ? "" : "must not be negative"; }
inline std::string_view snapshot(const std::uint32_t& v) {
  return v >= 64 && v <= 262144 ? "" : "must be between 64 and 262144";
}
inline std::string_view ring(const ByteSize& v) {
  return v >= mebibytes(1) && v <= gibibytes(4) ? "" : "must be between 1MiB and 4GiB";
}
inline std::string_view recent(const ByteSize& v) {
  return v.bytes == 0 || (v >= kibibytes(64) && v <= gibibytes(4)) ? "" : "must be 0 or between 64KiB and 4GiB";
}
inline std::string_view memory(const ByteSize& v) { return v >= ByteSize{65536} ? "" : "must be at least 64KiB"; }
// Socket paths are bounded by sun_path (unix(7)).
inline std::string_view socket(const std::string& v) {
  if (v.empty()) return "must not be empty";
  return v.size() < 100 ? "" : "is too long for a socket (at most 99 bytes)";
}

inline std::string_view durations(const std::map<std::string, std::string>& v) {
  for (const auto& [name, text] : v)
    if (const auto duration = parse_duration(text); !duration || *duration < Duration{0})
      return "must name a duration for each source, such as 2h; 0s: it may be silent";
  return "";
}

}  // namespace check

template <class Archive>
void fields(Archive& a, HostConfig& c) {
  a("name", c.name);
  a("organization", c.organization);
}

template <class Archive>
void fields(Archive& a, InterfaceConfig& c) {
  a("name", c.name, check::filled);
  a("filter", c.filter);
  a("workers", c.workers, check::workers);
  a("ring", c.ring, check::ring);
  a("snapshot", c.snapshot, check::snapshot);
  a("promiscuous", c.promiscuous);
}

template <class Archive>
void fields(Archive& a, LogConfig& c) {
  a("paths", c.paths, check::absolute_all);
  a("kind", c.kind);
  a("program", c.program);
  a("unless_journal", c.unless_journal);
}

template <class Archive>
void fields(Archive& a, JournaldConfig& c) {
  a("enabled", c.enabled);
  a("directory", c.directory, check::absolute);
}

template <class Archive>
void fields(Archive& a, AuditConfig& c) {
  a("enabled", c.enabled);
  a("path", c.path, check::absolute);
}

template <class Archive>
void fields(Archive& a, SilenceConfig& c) {
  a("enabled", c.enabled);
  a("least", c.least, check::positive);
  a("after", c.after, check::durations);
}

template <class Archive>
void fields(Archive& a, CollectConfig& c) {
  a("interfaces", c.interfaces);
  a("logs", c.logs);
  a("journald", c.journald);
  a("audit", c.audit);
  a("opener", c.opener, check::socket);
  a("time_zone", c.time_zone, check::filled);
  a("flow_owners", c.flow_owners);
  a("silence", c.silence);
}

template <class Archive>
void fields(Archive& a, IndicatorsConfig& c) {
  a("paths", c.paths);
  a("allow", c.allow);
  a("window", c.window, check::positive);
  a("most", c.most, check::some);
  a("confidence", c.confidence, check::severity);
  a("match", c.match);
}

template <class Archive>
void fields(Archive& a, RulesConfig& c) {
  a("packs", c.packs);
  a("paths", c.paths);
  a("decoders", c.decoders);
  a("views", c.views);
  a("home_networks", c.home_networks);
  a("variables", c.variables);
  a("installed", c.installed, check::filled);
  a("tuning", c.tuning);
  a("syntax", c.syntax);
  a("placeholders", c.placeholders);
  a("lateness", c.lateness, check::not_negative);
  a("indicators", c.indicators);
}

template <class Archive>
void fields(Archive& a, IncidentsConfig& c) {
  a("window", c.window, check::positive);
  a("longest", c.longest, check::positive);
}

template <class Archive>
void fields(Archive& a, RespondConfig& c) {
  a("mode", c.mode);
  a("triggers", c.triggers);
  a("playbooks", c.playbooks);
  a("socket", c.socket, check::socket);
  a("runner", c.runner);
  a("signatures", c.signatures);
  a("keys", c.keys);
}

template <class Archive>
void fields(Archive& a, AssetConfig& c) {
  a("level", c.level, check::level);
  a("hosts", c.hosts);
  a("networks", c.networks, check::networks);
  a("users", c.users);
}

template <class Archive>
void fields(Archive& a, SinkConfig& c) {
  a("name", c.name, check::filled);
  a("kind", c.kind);
  a("address", c.address, check::filled);
  a("server", c.server);
  a("from", c.from);
  a("credentials_file", c.credentials_file);
  a("least_severity", c.least_severity, check::severity);
  a("most_per_hour", c.most_per_hour, check::some);
  a("max_tlp", c.max_tlp, check::limit);
}

template <class Archive>
void fields(Archive& a, ReportConfig& c) {
  a("kind", c.kind);
  a("calendar", c.calendar, check::filled);
  a("time_zone", c.time_zone, check::filled);
  a("formats", c.formats);
  a("directory", c.directory, check::filled);
  a("catch_up", c.catch_up);
  a("max_tlp", c.max_tlp, check::limit);
}

template <class Archive>
void fields(Archive& a, RetentionConfig& c) {
  a("keep", c.keep);
  a("most", c.most);
}

template <class Archive>
void fields(Archive& a, StoreConfig& c) {
  a("directory", c.directory, check::filled);
  a("events", c.events);
  a("event_retention", c.event_retention);
  a("alert_retention", c.alert_retention);
  a("free_least", c.free_least);
}

template <class Archive>
void fields(Archive& a, EvidenceConfig& c) {
  a("key", c.key);
  a("most", c.most);
  a("recent_packets", c.recent_packets, check::recent);
  a("recent_files", c.recent_files, check::recent);
  a("file", c.file);
  a("before", c.before);
  a("after", c.after);
  a("after_most", c.after_most);
}

template <class Archive>
void fields(Archive& a, EveConfig& c) {
  a("file", c.file);
  a("suricata_yaml", c.suricata_yaml);
  a("rotate", c.rotate);
  a("most", c.most);
  a("max_tlp", c.max_tlp, check::limit);
}

template <class Archive>
void fields(Archive& a, ControlConfig& c) {
  a("socket", c.socket, check::socket);
  a("viewer", c.viewer);
  a("analyst", c.analyst);
  a("responder", c.responder);
  a("approver", c.approver);
  a("admin", c.admin);
  a("connections_most", c.connections_most, check::some);
}

template <class Archive>
void fields(Archive& a, MetricsConfig& c) {
  a("textfile", c.textfile);
  a("every", c.every, check::positive);
}

template <class Archive>
void fields(Archive& a, LimitsConfig& c) {
  a("log_workers", c.log_workers, check::workers);
  a("flows", c.flows, check::some);
  a("stream_memory", c.stream_memory, check::memory);
  a("stream_wait", c.stream_wait);
  a("line", c.line, check::memory);
  a("file", c.file, check::memory);
  a("batches_waiting", c.batches_waiting, check::some);
  a("alerts_waiting", c.alerts_waiting, check::some);
}

template <class Archive>
void fields(Archive& a, SandboxConfig& c) {
  a("seccomp", c.seccomp);
  a("landlock", c.landlock);
  a("capabilities", c.capabilities);
}

template <class Archive>
void fields(Archive& a, Config& c) {
  a("host", c.host);
  a("collect", c.collect);
  a("rules", c.rules);
  a("incidents", c.incidents);
  a("respond", c.respond);
  a("assets", c.assets);
  a("notify", c.notify);
  a("reports", c.reports);
  a("store", c.store);
  a("evidence", c.evidence);
  a("eve", c.eve);
  a("control", c.control);
  a("metrics", c.metrics);
  a("limits", c.limits);
  a("sandbox", c.sandbox);
}

}  // namespace tocsin::daemon
