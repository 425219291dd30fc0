#include "daemon/app/suricata_eve.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <limits>
#include <set>
#include <utility>

#include "collectors/base/text.h"
#include "collectors/packet/protocol/dns/message.h"
#include "collectors/packet/protocol/table.h"

namespace tocsin::daemon {

std::optional<bool> parse_suricata_switch(std::string_view text) {
  for (const std::string_view yes : {"yes", "true", "on", "1", "enabled"})
    if (equals_ignoring_case(text, yes)) return true;
  for (const std::string_view no : {"no", "false", "off", "0", "disabled"})
    if (equals_ignoring_case(text, no)) return false;
  return std::nullopt;
}

namespace {

using collectors::Protocol;

// Reads the members of one type and remembers which nobody asked for.
class Members {
 public:
  Members(const YAML::Node& node, std::string path, std::vector<std::string>& unknown)
      : node_(node), path_(std::move(path)), unknown_(unknown) {}
  Members(const Members&) = delete;
  Members& operator=(const Members&) = delete;

  // Once all were asked for: the rest is unknown.
  void report() const {
    if (!node_.IsMap()) return;
    for (const auto& pair : node_)
      if (!asked_.contains(pair.first.Scalar())) unknown_.push_back(path_ + '.' + pair.first.Scalar());
  }
  YAML::Node at(const std::string& name) {
    asked_.insert(name);
    return node_.IsMap() ? node_[name] : YAML::Node(YAML::NodeType::Undefined);
  }
  void flag(const std::string& name, bool& into) {
    const auto value = at(name);
    if (!value || !value.IsScalar()) return;
    if (const auto on = parse_suricata_switch(value.Scalar())) into = *on;
  }
  std::string text(const std::string& name) {
    const auto value = at(name);
    return value && value.IsScalar() ? value.Scalar() : std::string{};
  }
  std::vector<std::string> list(const std::string& name) {
    std::vector<std::string> out;
    const auto value = at(name);
    if (value && value.IsSequence())
      for (const auto& item : value)
        if (item.IsScalar()) out.push_back(lower_ascii(item.Scalar()));
    return out;
  }

 private:
  const YAML::Node node_;
  const std::string path_;
  std::vector<std::string>& unknown_;
  std::set<std::string> asked_;
};

void read_forwarded(const YAML::Node& node, EveForwardedOptions& out, std::vector<std::string>& unknown) {
  Members members(node, "xff", unknown);
  members.flag("enabled", out.enabled);
  out.overwrite = members.text("mode") == "overwrite";
  const auto deployment = members.text("deployment");
  out.reverse = deployment.empty() || deployment == "reverse";
  if (auto header = members.text("header"); !header.empty()) out.header = std::move(header);
  members.report();
}

void read_alert(Members& members, EveOptions& eve, std::vector<std::string>& unknown) {
  auto& alert = eve.alert;
  alert.enabled = true;
  members.flag("enabled", alert.enabled);
  if (const auto metadata = members.at("metadata")) {
    if (metadata.IsScalar()) {
      const bool on = parse_suricata_switch(metadata.Scalar()).value_or(true);
      alert.application = alert.flow = alert.rule_metadata = on;
    } else if (metadata.IsMap()) {
      Members parts(metadata, "alert.metadata", unknown);
      parts.flag("app-layer", alert.application);
      parts.flag("flow", alert.flow);
      if (const auto rule = parts.at("rule"); rule && rule.IsMap()) {
        Members of_rule(rule, "alert.metadata.rule", unknown);
        of_rule.flag("metadata", alert.rule_metadata);
        of_rule.flag("raw", alert.rule_text);
        of_rule.flag("reference", alert.references);
        of_rule.report();
      } else if (rule && rule.IsScalar()) {
        alert.rule_metadata = parse_suricata_switch(rule.Scalar()).value_or(true);
      }
      parts.report();
    }
  }
  members.flag("payload", alert.payload);
  members.flag("payload-printable", alert.payload_printable);
  members.flag("payload-length", alert.payload_length);
  if (const auto most = parse_suricata_bytes(members.text("payload-buffer-size"))) alert.payload_most = *most;
  members.flag("packet", alert.packet);
  members.flag("http-body", alert.http_body);
  members.flag("http-body-printable", alert.http_body_printable);
  members.flag("verdict", alert.verdict);
  members.flag("tagged-packets", alert.tagged);
  members.flag("reference", alert.references);
  if (const auto forwarded = members.at("xff")) read_forwarded(forwarded, eve.forwarded, unknown);
  // Older spellings of metadata.app-layer, one per protocol.
  for (const auto* name : {"http", "tls", "ssh", "smtp", "dnp3", "app-layer", "flow"})
    static_cast<void>(members.at(name));
}

void read_anomaly(Members& members, EveOptions& eve, std::vector<std::string>& unknown) {
  auto& anomaly = eve.anomaly;
  anomaly.enabled = true;
  members.flag("enabled", anomaly.enabled);
  members.flag("packethdr", anomaly.packet);
  if (const auto types = members.at("types"); types && types.IsMap()) {
    Members of_types(types, "anomaly.types", unknown);
    of_types.flag("decode", anomaly.decode);
    of_types.flag("stream", anomaly.stream);
    of_types.flag("applayer", anomaly.application);
    of_types.report();
  }
}

void read_files(Members& members, EveOptions& eve) {
  auto& files = eve.files;
  files.enabled = true;
  members.flag("enabled", files.enabled);
  members.flag("force-magic", files.magic);
  for (const auto& hash : members.list("force-hash")) {
    if (hash == "md5") files.md5 = true;
    else if (hash == "sha1") files.sha1 = true;
    else if (hash == "sha256") files.sha256 = true;
  }
  members.flag("force-md5", files.md5);
}

void read_http(Members& members, collectors::HttpDetail& http) {
  http.extended = false;
  members.flag("extended", http.extended);
  http.custom = members.list("custom");
  const auto dump = members.text("dump-all-headers");
  http.request_headers = dump == "both" || dump == "request";
  http.response_headers = dump == "both" || dump == "response";
}

void read_dns(Members& members, collectors::DnsDetail& dns) {
  if (members.text("version") == "2") dns.version = 2;
  members.flag("requests", dns.requests);
  members.flag("responses", dns.responses);
  members.flag("query", dns.requests);
  members.flag("answer", dns.responses);
  if (const auto formats = members.list("formats"); !formats.empty()) {
    dns.detailed = std::ranges::find(formats, "detailed") != formats.end();
    dns.grouped = std::ranges::find(formats, "grouped") != formats.end();
  }
  for (const auto& name : members.list("types"))
    for (std::uint32_t type = 1; type < 512; ++type)
      if (equals_ignoring_case(collectors::dns_type_name(static_cast<std::uint16_t>(type)), name))
        dns.types.push_back(static_cast<std::uint16_t>(type));
}

void read_tls(Members& members, collectors::TlsDetail& tls) {
  tls.extended = false;
  members.flag("extended", tls.extended);
  members.flag("session-resumption", tls.session_resumption);
  members.flag("session_resumption", tls.session_resumption);
  members.flag("ja4", tls.ja4);
  tls.custom = members.list("custom");
}

void read_smtp(Members& members, collectors::SmtpDetail& smtp) {
  members.flag("extended", smtp.extended);
  for (const auto& name : members.list("custom")) smtp.custom.push_back(lower_ascii(name));
  for (const auto& part : members.list("md5")) {
    smtp.body_md5 = smtp.body_md5 || part == "body";
    smtp.subject_md5 = smtp.subject_md5 || part == "subject";
  }
}

void read_type(const std::string& name, Members& members, EveOptions& eve, std::vector<std::string>& unknown) {
  bool on = true;
  members.flag("enabled", on);
  if (name == "alert") return read_alert(members, eve, unknown);
  if (name == "anomaly") return read_anomaly(members, eve, unknown);
  if (name == "files") return read_files(members, eve);
  if (name == "flow") {
    eve.flow = on;
    return members.flag("exception-policy", eve.flow_exception_policy);
  }
  if (name == "frame") {
    eve.frame = on;
    return;
  }
  if (name == "netflow") {
    eve.netflow = on;
    return;
  }
  if (name == "stats") {
    eve.stats.enabled = on;
    members.flag("totals", eve.stats.totals);
    static_cast<void>(members.at("threads"));
    static_cast<void>(members.at("deltas"));
    return;
  }
  const auto protocol = collectors::find_protocol(name);
  if (!protocol) return unknown.push_back("outputs.eve-log.types." + name);
  eve.set(*protocol, on);
  if (*protocol == Protocol::http) read_http(members, eve.detail.http);
  else if (*protocol == Protocol::dns) read_dns(members, eve.detail.dns);
  else if (*protocol == Protocol::tls) read_tls(members, eve.detail.tls);
  else if (*protocol == Protocol::smtp) read_smtp(members, eve.detail.smtp);
  else if (*protocol == Protocol::smb) eve.detail.smb.types = members.list("types");
  else if (*protocol == Protocol::dhcp) members.flag("extended", eve.detail.dhcp.extended);
  else if (*protocol == Protocol::pgsql) members.flag("passwords", eve.detail.pgsql.passwords);
  else if (*protocol == Protocol::mqtt) {
    static_cast<void>(members.at("passwords"));
    if (const auto most = parse_suricata_bytes(members.text("string-log-limit"))) eve.detail.mqtt.string_most = *most;
  }
  if (*protocol == Protocol::ftp) eve.set(Protocol::ftp_data, on);
  if (*protocol == Protocol::http2) eve.set(Protocol::doh2, on);
}

void read_file_store(const YAML::Node& node, EveFileOptions& files, std::vector<std::string>& unknown) {
  Members members(node, "outputs.file-store", unknown);
  for (const auto* name : {"version", "xff", "force-hash", "include-pid"}) static_cast<void>(members.at(name));
  members.flag("enabled", files.keep);
  members.flag("force-filestore", files.keep_all);
  members.flag("write-fileinfo", files.keep_records);
  members.flag("force-magic", files.magic);
  if (auto directory = members.text("dir"); !directory.empty()) files.directory = std::move(directory);
  if (const auto depth = parse_suricata_bytes(members.text("stream-depth")))
    files.kept_most = *depth == 0 ? std::numeric_limits<std::uint64_t>::max() : *depth;
  files.keep_all = files.keep_all && files.keep;
  files.sha256 = files.sha256 || files.keep;  // files are named by it
  members.report();
}

// The name of the file; empty when it is not wanted.
std::string read_fast_log(const YAML::Node& node, std::vector<std::string>& unknown) {
  Members members(node, "outputs.fast", unknown);
  for (const auto* name : {"append", "filetype"}) static_cast<void>(members.at(name));
  bool enabled = false;
  members.flag("enabled", enabled);
  auto name = members.text("filename");
  members.report();
  if (!enabled) return {};
  return name.empty() ? "fast.log" : name;
}

void read_eve_log(const YAML::Node& node, EveOptions& eve, std::vector<std::string>& unknown) {
  Members members(node, "outputs.eve-log", unknown);
  for (const auto* name : {"enabled", "filetype", "filename", "community-id", "append", "pcap-file", "level",
                           "identity", "prefix", "facility"})
    static_cast<void>(members.at(name));
  members.flag("metadata", eve.metadata);
  members.flag("ethernet", eve.ethernet);
  if (const auto seed = parse_unsigned(members.text("community-id-seed")); seed && *seed <= 0xFFFF)
    eve.community_seed = static_cast<std::uint16_t>(*seed);
  bool version = false;
  members.flag("suricata-version", version);
  if (version) eve.version = "8.0.7";
  if (const auto forwarded = members.at("xff")) read_forwarded(forwarded, eve.forwarded, unknown);
  const auto types = members.at("types");
  members.report();
  if (!types || !types.IsSequence()) return;
  const auto read = [&](const std::string& name, const YAML::Node& options) {
    Members of_type(options, "outputs.eve-log.types." + name, unknown);
    read_type(name, of_type, eve, unknown);
    of_type.report();
  };
  for (const auto& item : types) {
    if (item.IsScalar()) read(item.Scalar(), YAML::Node());
    else if (item.IsMap())
      for (const auto& pair : item) read(pair.first.Scalar(), pair.second);
  }
}

}  // namespace

std::optional<std::uint64_t> parse_suricata_bytes(std::string_view value) {
  std::string text = lower_ascii(trim(value));
  if (text.size() > 2 && text.back() == 'b' && std::string_view("kmg").find(text[text.size() - 2]) != std::string::npos)
    text.insert(text.size() - 1, 1, 'i');
  return parse_byte_size(text);
}

void read_suricata_outputs(const YAML::Node& outputs, EveOptions& eve, std::vector<std::string>& unknown) {
  if (!outputs.IsSequence()) return static_cast<void>(unknown.emplace_back("outputs"));
  const auto detail = eve.detail;
  bool first = true;
  YAML::Node kept;
  std::string fast_log;
  for (const auto& output : outputs) {
    if (!output.IsMap()) continue;
    for (const auto& pair : output) {
      const auto name = pair.first.Scalar();
      if (name == "file-store") {
        kept = pair.second;
        continue;
      }
      if (name == "fast") {
        fast_log = read_fast_log(pair.second, unknown);
        continue;
      }
      if (name != "eve-log") {
        unknown.push_back("outputs." + name);
        continue;
      }
      const auto enabled = pair.second.IsMap() ? pair.second["enabled"] : YAML::Node();
      if (enabled && enabled.IsScalar() && parse_suricata_switch(enabled.Scalar()) == false) continue;
      // A configuration's own list replaces what is written by default; several lists add up.
      if (std::exchange(first, false)) {
        eve = EveOptions::none();
        eve.detail = detail;
      }
      read_eve_log(pair.second, eve, unknown);
    }
  }
  eve.fast_log = std::move(fast_log);
  if (kept.IsMap()) read_file_store(kept, eve.files, unknown);
}

bool set_suricata_output(std::string_view key, std::string_view value, EveOptions& eve,
                         std::vector<std::string>& unknown) {
  const auto words = split(key, '.');
  if (words.front() != "outputs") return false;
  static constexpr std::size_t option = 3;  // behind outputs, a place and the name of the output
  static constexpr std::size_t words_most = 16;
  if (words.size() <= option || words.size() > words_most || words[option - 1] != "eve-log") {
    unknown.emplace_back(key);
    return true;
  }
  YAML::Node node{std::string(value)};
  for (std::size_t i = words.size(); i-- > option;) {
    YAML::Node outer;
    if (parse_unsigned(words[i])) outer.push_back(node);
    else outer[std::string(words[i])] = node;
    node.reset(outer);
  }
  read_eve_log(node, eve, unknown);
  return true;
}

}  // namespace tocsin::daemon
