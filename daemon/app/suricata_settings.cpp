#include "daemon/app/suricata_settings.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <functional>
#include <type_traits>

#include "collectors/base/text.h"
#include "collectors/packet/protocol/table.h"
#include "daemon/app/rule_files.h"
#include "daemon/app/suricata_eve.h"

namespace tocsin::daemon {
namespace {

using Apply = bool (*)(SuricataSettings&, std::string_view value);

template <auto Member>
bool set_switch(SuricataSettings& settings, std::string_view value) {
  const auto on = parse_suricata_switch(value);
  if (on) std::invoke(Member, settings) = *on;
  return on.has_value();
}

template <auto Member>
bool set_bytes(SuricataSettings& settings, std::string_view value) {
  const auto bytes = parse_suricata_bytes(value);
  if (bytes) std::invoke(Member, settings) = *bytes;
  return bytes.has_value();
}

// An onlooker cannot drop: those values are taken for `ignore`, as Suricata does. The master switch stands behind a
// policy of its own.
bool set_policy(SuricataSettings& settings, std::string_view value, bool master) {
  using collectors::ExceptionPolicy;
  static constexpr std::pair<std::string_view, ExceptionPolicy> names[] = {
      {"ignore", ExceptionPolicy::ignore},       {"auto", ExceptionPolicy::ignore},
      {"pass-packet", ExceptionPolicy::ignore},  // says nothing of a flow
      {"pass-flow", ExceptionPolicy::pass_flow}, {"bypass", ExceptionPolicy::bypass},
      {"drop-packet", ExceptionPolicy::ignore},  {"drop-flow", ExceptionPolicy::ignore},
      {"reject", ExceptionPolicy::ignore},
  };
  const auto* found = std::ranges::find(names, value, &std::pair<std::string_view, ExceptionPolicy>::first);
  if (found == std::end(names)) return false;
  auto& own = settings.midstream_policy_set;
  if (!master || !own) settings.packets.stream.midstream_policy = found->second;
  own = own || !master;
  return true;
}

bool set_urgent_policy(SuricataSettings& settings, std::string_view value) {
  using collectors::UrgentPolicy;
  static constexpr std::pair<std::string_view, UrgentPolicy> names[] = {{"inline", UrgentPolicy::inline_},
                                                                        {"oob", UrgentPolicy::out_of_band},
                                                                        {"gap", UrgentPolicy::gap},
                                                                        {"drop", UrgentPolicy::drop}};
  const auto* found = std::ranges::find(names, value, &std::pair<std::string_view, UrgentPolicy>::first);
  if (found == std::end(names)) return false;
  settings.packets.stream.urgent_policy = found->second;
  return true;
}

template <class Options>
bool set_encryption(Options& options, std::string_view value) {
  if (value == "default" && std::is_same_v<Options, collectors::TlsOptions>) value = "track-only";
  if (value != "track-only" && value != "bypass" && value != "full") return false;
  options.stop_when_encrypted = value != "full";
  options.bypass_when_encrypted = value == "bypass";
  return true;
}

// host-os-policy.windows: [10.0.0.0/8, …]
bool add_host_policy(SuricataSettings& settings, std::string_view system, std::string_view networks) {
  using collectors::OverlapPolicy;
  static constexpr std::pair<std::string_view, OverlapPolicy> names[] = {
      {"windows", OverlapPolicy::windows},
      {"bsd", OverlapPolicy::bsd},
      {"bsd-right", OverlapPolicy::bsd_right},
      {"old-linux", OverlapPolicy::old_linux},
      {"linux", OverlapPolicy::linux_},
      {"old-solaris", OverlapPolicy::old_solaris},
      {"solaris", OverlapPolicy::solaris},
      {"hpux10", OverlapPolicy::hpux10},
      {"hpux11", OverlapPolicy::hpux11},
      {"irix", OverlapPolicy::irix},
      {"macos", OverlapPolicy::macos},
      {"vista", OverlapPolicy::vista},
      {"windows2k3", OverlapPolicy::windows2003},
  };
  const auto* found = std::ranges::find(names, system, &std::pair<std::string_view, OverlapPolicy>::first);
  if (found == std::end(names)) return false;
  for (const auto item : split(networks, ',')) {
    const auto text = trim(item);
    if (text.empty()) continue;
    const auto network = parse_network(text, HostBits::clear);
    if (!network) return false;
    settings.packets.host_policies.push_back({*network, found->second});
  }
  return true;
}

// decoder.vxlan.ports: [8472, 4789], or the name of a variable; one that nobody set leaves the usual ports.
template <auto Member>
bool set_ports(SuricataSettings& settings, std::string_view value) {
  value = trim(value);
  if (value.starts_with('$')) {
    const auto found = settings.variables.find(std::string(value.substr(1)));
    if (found == settings.variables.end()) return true;
    value = trim(found->second);
  }
  if (value.starts_with('[') && value.ends_with(']')) value = value.substr(1, value.size() - 2);
  std::vector<std::uint16_t> ports;
  for (const auto item : split(value, ',')) {
    const auto port = parse_unsigned(trim(item));
    if (!port || *port > 0xFFFF) return false;
    ports.push_back(static_cast<std::uint16_t>(*port));
  }
  std::invoke(Member, settings) = std::move(ports);
  return true;
}

// flow-timeouts.tcp.established: 300. What holds in an emergency is the table's own affair.
bool set_timeout(SuricataSettings& settings, std::string_view rest, std::string_view value) {
  const auto dot = rest.find('.');
  const auto seconds = parse_unsigned(value);
  if (dot == std::string_view::npos || !seconds || *seconds > 0xFFFFFFFFU) return false;
  auto& flow = settings.packets.flow;
  const auto name = rest.substr(0, dot), state = rest.substr(dot + 1);
  auto* timeouts = name == "tcp"       ? &flow.tcp
                   : name == "udp"     ? &flow.udp
                   : name == "icmp"    ? &flow.icmp
                   : name == "default" ? &flow.other
                                       : nullptr;
  if (timeouts == nullptr) return false;
  const Duration length = std::chrono::seconds(*seconds);
  if (state == "new") timeouts->fresh = length;
  else if (state == "established") timeouts->established = length;
  else if (state == "closed") timeouts->closed = length;
  return true;
}

constexpr std::pair<std::string_view, Apply> keys[] = {
    {"stream.midstream", set_switch<[](auto& s) -> bool& { return s.packets.stream.midstream; }>},
    {"stream.midstream-policy",
     [](SuricataSettings& s, std::string_view value) { return set_policy(s, value, false); }},
    {"exception-policy", [](SuricataSettings& s, std::string_view value) { return set_policy(s, value, true); }},
    {"stream.reassembly.urgent.policy", set_urgent_policy},
    {"stream.bypass", set_switch<[](auto& s) -> bool& { return s.packets.stream.bypass; }>},
    {"app-layer.protocols.ssh.encryption-handling",
     [](SuricataSettings& s, std::string_view value) { return set_encryption(s.packets.ssh, value); }},
    {"app-layer.protocols.tls.encryption-handling",
     [](SuricataSettings& s, std::string_view value) { return set_encryption(s.packets.tls, value); }},
    {"stream.max-syn-queued", set_bytes<[](auto& s) -> std::size_t& { return s.packets.stream.syns_most; }>},
    {"stream.max-synack-queued", set_bytes<[](auto& s) -> std::size_t& { return s.packets.stream.syn_acks_most; }>},
    {"stream.async-oneside", set_switch<[](auto& s) -> bool& { return s.packets.stream.async_one_side; }>},
    {"stream.reassembly.depth", set_bytes<[](auto& s) -> std::uint64_t& { return s.packets.stream.depth; }>},
    {"app-layer.protocols.smb.stream-depth",
     set_bytes<[](auto& s) -> std::uint64_t& { return s.packets.stream.smb_depth; }>},
    {"app-layer.protocols.modbus.stream-depth",
     set_bytes<[](auto& s) -> std::uint64_t& { return s.packets.stream.modbus_depth; }>},
    {"app-layer.protocols.pgsql.stream-depth",
     set_bytes<[](auto& s) -> std::uint64_t& { return s.packets.stream.pgsql_depth; }>},
    {"stream.reassembly.memcap", set_bytes<[](auto& s) -> std::uint64_t& { return s.packets.stream.memory_most; }>},
    {"stream.memcap", set_bytes<[](auto& s) -> std::uint64_t& { return s.packets.stream.session_memory; }>},
    {"pcap-file.checksum-checks",
     [](SuricataSettings& s, std::string_view value) {
       if (value == "auto") return true;
       const auto on = parse_suricata_switch(value);
       if (on) s.packets.decode.checksums = *on ? collectors::ChecksumMode::validate : collectors::ChecksumMode::ignore;
       return on.has_value();
     }},
    {"stream.checksum-validation",
     [](SuricataSettings& s, std::string_view value) {
       const auto on = parse_suricata_switch(value);
       if (on) s.packets.decode.checksums = *on ? collectors::ChecksumMode::validate : collectors::ChecksumMode::ignore;
       return on.has_value();
     }},
    {"flow.memcap", set_bytes<[](auto& s) -> std::uint64_t& { return s.packets.flow.memory_most; }>},
    {"defrag.memcap", set_bytes<[](auto& s) -> std::uint64_t& { return s.packets.defragment.memory_most; }>},
    {"vlan.use-for-tracking", set_switch<[](auto& s) -> bool& { return s.packets.flow.vlan_in_key; }>},
    {"app-layer.protocols.http.enabled", set_switch<[](auto& s) -> bool& { return s.packets.http.enabled; }>},
    {"app-layer.protocols.dns.tcp.enabled", set_switch<[](auto& s) -> bool& { return s.packets.dns.enabled; }>},
    {"app-layer.protocols.dns.udp.enabled", set_switch<[](auto& s) -> bool& { return s.packets.dns.enabled; }>},
    {"app-layer.protocols.tls.enabled", set_switch<[](auto& s) -> bool& { return s.packets.tls.enabled; }>},
    {"app-layer.protocols.http.libhtp.default-config.request-body-limit",
     set_bytes<[](auto& s) -> std::uint64_t& { return s.packets.http.request_body_limit; }>},
    {"app-layer.protocols.http.libhtp.default-config.response-body-limit",
     set_bytes<[](auto& s) -> std::uint64_t& { return s.packets.http.response_body_limit; }>},
    {"detect.guess-applayer-tx", set_switch<[](auto& s) -> bool& { return s.eve.alert.guess_transaction; }>},
    {"app-layer.protocols.tls.ja3-fingerprints",
     [](SuricataSettings& s, std::string_view value) {
       if (value == "auto") return true;
       return set_switch<[](auto& t) -> bool& { return t.eve.detail.tls.ja3; }>(s, value);
     }},
    {"app-layer.protocols.tls.ja4-fingerprints",
     [](SuricataSettings& s, std::string_view value) {
       if (value == "auto") return true;
       return set_switch<[](auto& t) -> bool& { return t.eve.detail.tls.ja4; }>(s, value);
     }},
    {"app-layer.protocols.http.libhtp.default-config.response-body-decompress-layer-limit",
     [](SuricataSettings& s, std::string_view value) {
       const auto layers = parse_unsigned(value);
       if (layers && *layers <= 16) s.packets.http.decompression_layers = static_cast<int>(*layers);
       return layers && *layers <= 16;
     }},
    {"app-layer.protocols.smb.enabled", set_switch<[](auto& s) -> bool& { return s.packets.smb.enabled; }>},
    {"app-layer.protocols.dcerpc.enabled", set_switch<[](auto& s) -> bool& { return s.packets.dcerpc.enabled; }>},
    {"app-layer.protocols.mqtt.enabled", set_switch<[](auto& s) -> bool& { return s.packets.mqtt.enabled; }>},
    {"app-layer.protocols.sip.enabled", set_switch<[](auto& s) -> bool& { return s.packets.sip.enabled; }>},
    {"app-layer.protocols.ldap.tcp.enabled", set_switch<[](auto& s) -> bool& { return s.packets.ldap.enabled; }>},
    {"app-layer.protocols.krb5.enabled", set_switch<[](auto& s) -> bool& { return s.packets.krb5.enabled; }>},
    {"app-layer.protocols.rdp.enabled", set_switch<[](auto& s) -> bool& { return s.packets.rdp.enabled; }>},
    {"app-layer.protocols.rfb.enabled", set_switch<[](auto& s) -> bool& { return s.packets.rfb.enabled; }>},
    {"app-layer.protocols.dhcp.enabled", set_switch<[](auto& s) -> bool& { return s.packets.dhcp.enabled; }>},
    {"app-layer.protocols.ike.enabled", set_switch<[](auto& s) -> bool& { return s.packets.ike.enabled; }>},
    {"app-layer.protocols.nfs.enabled", set_switch<[](auto& s) -> bool& { return s.packets.nfs.enabled; }>},
    {"app-layer.protocols.snmp.enabled", set_switch<[](auto& s) -> bool& { return s.packets.snmp.enabled; }>},
    {"app-layer.protocols.mqtt.max-msg-length",
     set_bytes<[](auto& s) -> std::size_t& { return s.packets.mqtt.message_most; }>},
    {"app-layer.protocols.ssh.enabled", set_switch<[](auto& s) -> bool& { return s.packets.ssh.enabled; }>},
    {"app-layer.protocols.smtp.enabled", set_switch<[](auto& s) -> bool& { return s.packets.smtp.enabled; }>},
    {"app-layer.protocols.smtp.raw-extraction",
     set_switch<[](auto& s) -> bool& { return s.packets.smtp.raw_extraction; }>},
    {"app-layer.protocols.smtp.mime.decode-mime",
     set_switch<[](auto& s) -> bool& { return s.packets.smtp.decode_mime; }>},
    {"app-layer.protocols.smtp.mime.decode-base64",
     set_switch<[](auto& s) -> bool& { return s.packets.smtp.decode_base64; }>},
    {"app-layer.protocols.smtp.mime.decode-quoted-printable",
     set_switch<[](auto& s) -> bool& { return s.packets.smtp.decode_quoted_printable; }>},
    {"app-layer.protocols.smtp.mime.header-value-depth",
     set_bytes<[](auto& s) -> std::size_t& { return s.packets.smtp.header_value_most; }>},
    {"app-layer.protocols.smtp.mime.extract-urls",
     set_switch<[](auto& s) -> bool& { return s.packets.smtp.extract_urls; }>},
    {"app-layer.protocols.smtp.mime.extract-urls-schemes",
     [](SuricataSettings& s, std::string_view value) {
       s.packets.smtp.url_schemes.clear();
       for (const auto scheme : split(value, ',')) s.packets.smtp.url_schemes.emplace_back(trim(scheme));
       return true;
     }},
    {"app-layer.protocols.smtp.mime.log-url-scheme",
     set_switch<[](auto& s) -> bool& { return s.packets.smtp.log_url_scheme; }>},
    {"app-layer.protocols.smtp.mime.body-md5", set_switch<[](auto& s) -> bool& { return s.packets.smtp.body_md5; }>},
    {"app-layer.protocols.smtp.inspected-tracker.content-limit",
     set_bytes<[](auto& s) -> std::uint64_t& { return s.packets.smtp.inspected_most; }>},
    {"app-layer.protocols.imap.enabled",
     [](SuricataSettings& s, std::string_view value) {
       // IMAP is recognised and not parsed, here as there.
       const auto on = value == "detection-only" ? std::optional(true) : parse_suricata_switch(value);
       s.packets.imap.enabled = on.value_or(false);
       return on.has_value();
     }},
    {"app-layer.protocols.pop3.enabled", set_switch<[](auto& s) -> bool& { return s.packets.pop3.enabled; }>},
    {"app-layer.protocols.telnet.enabled", set_switch<[](auto& s) -> bool& { return s.packets.telnet.enabled; }>},
    {"app-layer.protocols.ntp.enabled", set_switch<[](auto& s) -> bool& { return s.packets.ntp.enabled; }>},
    {"app-layer.protocols.tftp.enabled", set_switch<[](auto& s) -> bool& { return s.packets.tftp.enabled; }>},
    {"app-layer.protocols.ftp.enabled", set_switch<[](auto& s) -> bool& { return s.packets.ftp.enabled; }>},
    {"app-layer.protocols.ftp.max-line-length",
     set_bytes<[](auto& s) -> std::size_t& { return s.packets.ftp.line_most; }>},
    {"app-layer.protocols.ftp.max-tx",
     set_bytes<[](auto& s) -> std::size_t& { return s.packets.ftp.transactions_most; }>},
    {"decoder.erspan.typeI.enabled", set_switch<[](auto& s) -> bool& { return s.packets.decode.erspan_type1; }>},
    {"app-layer.protocols.pgsql.enabled", set_switch<[](auto& s) -> bool& { return s.packets.pgsql.enabled; }>},
    {"app-layer.protocols.modbus.enabled", set_switch<[](auto& s) -> bool& { return s.packets.modbus.enabled; }>},
    {"app-layer.protocols.dnp3.enabled", set_switch<[](auto& s) -> bool& { return s.packets.dnp3.enabled; }>},
    {"app-layer.protocols.dnp3.max-points",
     set_bytes<[](auto& s) -> std::size_t& { return s.packets.dnp3.points_most; }>},
    {"app-layer.protocols.dnp3.max-objects",
     set_bytes<[](auto& s) -> std::size_t& { return s.packets.dnp3.objects_most; }>},
    {"app-layer.protocols.enip.enabled",
     [](SuricataSettings& s, std::string_view value) {
       const auto on = value == "detection-only" ? std::optional(true) : parse_suricata_switch(value);
       s.packets.enip.enabled = on.value_or(false);
       return on.has_value();
     }},
    {"app-layer.protocols.http2.enabled", set_switch<[](auto& s) -> bool& { return s.packets.http2.enabled; }>},
    {"app-layer.protocols.http2.max-streams",
     set_bytes<[](auto& s) -> std::size_t& { return s.packets.http2.streams_most; }>},
    {"app-layer.protocols.http2.max-table-size",
     set_bytes<[](auto& s) -> std::size_t& { return s.packets.http2.table_most; }>},
    {"app-layer.protocols.http2.max-reassembly-size",
     set_bytes<[](auto& s) -> std::size_t& { return s.packets.http2.reassembly_most; }>},
    {"app-layer.protocols.quic.enabled", set_switch<[](auto& s) -> bool& { return s.packets.quic.enabled; }>},
    {"app-layer.protocols.websocket.enabled",
     set_switch<[](auto& s) -> bool& { return s.packets.websocket.enabled; }>},
    {"app-layer.protocols.websocket.max-payload-size",
     set_bytes<[](auto& s) -> std::size_t& { return s.packets.websocket.payload_most; }>},
    {"app-layer.protocols.mdns.enabled", set_switch<[](auto& s) -> bool& { return s.packets.mdns.enabled; }>},
    {"app-layer.protocols.ldap.udp.enabled", set_switch<[](auto& s) -> bool& { return s.packets.ldap.enabled; }>},
    {"app-layer.protocols.http.libhtp.default-config.max-tx",
     set_bytes<[](auto& s) -> std::size_t& { return s.packets.http.transactions_most; }>},
    {"app-layer.protocols.mqtt.max-tx",
     set_bytes<[](auto& s) -> std::size_t& { return s.packets.mqtt.transactions_most; }>},
    {"app-layer.protocols.smtp.max-tx",
     set_bytes<[](auto& s) -> std::size_t& { return s.packets.smtp.transactions_most; }>},
    {"app-layer.protocols.pop3.max-tx",
     set_bytes<[](auto& s) -> std::size_t& { return s.packets.pop3.transactions_most; }>},
    {"app-layer.protocols.ldap.max-tx",
     set_bytes<[](auto& s) -> std::size_t& { return s.packets.ldap.transactions_most; }>},
    {"app-layer.protocols.pgsql.max-tx",
     set_bytes<[](auto& s) -> std::size_t& { return s.packets.pgsql.transactions_most; }>},
    {"app-layer.protocols.dcerpc.max-tx",
     set_bytes<[](auto& s) -> std::size_t& { return s.packets.dcerpc.transactions_most; }>},
    {"app-layer.protocols.nfs.max-tx",
     set_bytes<[](auto& s) -> std::size_t& { return s.packets.nfs.transactions_most; }>},
    {"decoder.max-layers",
     [](SuricataSettings& s, std::string_view value) {
       const auto most = parse_unsigned(value);
       if (most && *most != 0 && *most <= 255) s.packets.decode.layers_most = static_cast<std::uint32_t>(*most);
       return most && *most != 0 && *most <= 255;
     }},
    {"decoder.teredo.ports", set_ports<[](auto& s) -> auto& { return s.packets.decode.teredo_ports; }>},
    {"decoder.vxlan.ports", set_ports<[](auto& s) -> auto& { return s.packets.decode.vxlan_ports; }>},
    {"decoder.geneve.ports", set_ports<[](auto& s) -> auto& { return s.packets.decode.geneve_ports; }>},
    {"defrag.timeout",
     [](SuricataSettings& s, std::string_view value) {
       const auto seconds = parse_unsigned(value);
       if (seconds && *seconds <= 0xFFFFFFFFU) s.packets.defragment.timeout = std::chrono::seconds(*seconds);
       return seconds.has_value();
     }},
    {"decoder.teredo.enabled", set_switch<[](auto& s) -> bool& { return s.packets.decode.teredo; }>},
    {"decoder.vxlan.enabled", set_switch<[](auto& s) -> bool& { return s.packets.decode.vxlan; }>},
    {"decoder.geneve.enabled", set_switch<[](auto& s) -> bool& { return s.packets.decode.geneve; }>},
};

// datasets.NAME.type, .state, .load, .save; datasets.rules.…, datasets.defaults.memcap
Result<void> apply_dataset(SuricataSettings& out, std::string_view key, std::string_view value) {
  auto& sets = out.datasets;
  const auto wrong = [&] { return fail(Code::usage, std::string(key) + " cannot be '" + std::string(value) + "'"); };
  if (key == "datasets.rules.allow-write" || key == "datasets.rules.allow-absolute-filenames") {
    const auto on = parse_suricata_switch(value);
    if (!on) return wrong();
    (key.ends_with("write") ? sets.allow_write : sets.allow_absolute_paths) = *on;
    return {};
  }
  if (key == "datasets.defaults.memcap") {
    const auto bytes = parse_suricata_bytes(value);
    if (!bytes) return wrong();
    sets.memory_most = *bytes;
    return {};
  }
  const auto rest = key.substr(std::string_view("datasets.").size());
  const auto dot = rest.rfind('.');
  if (dot == std::string_view::npos || rest.starts_with("defaults.") || rest.starts_with("limits.")) {
    if (key != "datasets.enabled") out.unknown.emplace_back(key);
    return {};
  }
  auto& declared = sets.declared[std::string(rest.substr(0, dot))];
  const auto what = rest.substr(dot + 1);
  if (what == "type") declared.type = value;
  else if (what == "state") declared.state = value;
  else if (what == "load") declared.load = value;
  else if (what == "save") declared.save = value;
  else out.unknown.emplace_back(key);
  return {};
}

constexpr std::string_view application_prefix = "app-layer.protocols.";

Result<void> apply(SuricataSettings& out, std::string_view key, std::string_view value) {
  for (const std::string_view group : {"vars.address-groups.", "vars.port-groups."}) {
    if (!key.starts_with(group)) continue;
    out.variables[std::string(key.substr(group.size()))] = value;
    return {};
  }
  if (constexpr std::string_view group = "host-os-policy."; key.starts_with(group)) {
    if (add_host_policy(out, key.substr(group.size()), value)) return {};
    return fail(Code::usage, std::string(key) + " cannot be '" + std::string(value) + "'");
  }
  if (constexpr std::string_view group = "flow-timeouts."; key.starts_with(group)) {
    if (set_timeout(out, key.substr(group.size()), value)) return {};
    return fail(Code::usage, std::string(key) + " cannot be '" + std::string(value) + "'");
  }
  if (key == "packet-alert-max") {
    const auto most = parse_unsigned(value);
    if (!most || *most > 65'535) return fail(Code::usage, "packet-alert-max is a number up to 65535");
    if (*most == 0) return {};  // the default, as Suricata has it
    out.alerts_per_packet_most = static_cast<std::size_t>(*most);
    return {};
  }
  if (key == "default-data-dir") {
    out.datasets.directory = value;
    return {};
  }
  if (key == "reputation-files") {
    out.reputation_files.clear();
    for (const auto file : split(value, ',')) out.reputation_files.emplace_back(trim(file));
    return {};
  }
  if (key.starts_with("datasets.")) return apply_dataset(out, key, value);
  for (const auto& [name, place] : {std::pair{"threshold-file", &SuricataSettings::threshold_file},
                                    std::pair{"default-reputation-path", &SuricataSettings::reputation_directory},
                                    std::pair{"reputation-categories-file", &SuricataSettings::reputation_categories},
                                    std::pair{"classification-file", &SuricataSettings::classification_file},
                                    std::pair{"reference-config-file", &SuricataSettings::reference_file}}) {
    if (key != name) continue;
    out.*place = value;
    return {};
  }
  if (value == "detection-only" && key.starts_with(application_prefix) && key.ends_with(".enabled")) {
    const auto rest = key.substr(application_prefix.size());
    if (const auto protocol = collectors::find_protocol(rest.substr(0, rest.find('.')))) {
      out.packets.recognised_only.set(static_cast<std::size_t>(*protocol));
      value = "yes";
    }
  }
  for (const auto& [name, action] : keys) {
    if (name != key) continue;
    if (action(out, value)) return {};
    return fail(Code::usage, std::string(key) + " cannot be '" + std::string(value) + "'");
  }
  out.unknown.emplace_back(key);
  return {};
}

constexpr int depth_most = 16;
// Aliases let a small file stand for a huge tree: nodes are counted as they are walked.
constexpr std::size_t nodes_most = 100'000;

Result<void> read_yaml(const std::string& file, SuricataSettings& out, int depth);

// Files named relative to the one that includes them.
Result<void> include(const YAML::Node& node, const std::string& file, SuricataSettings& out, int depth) {
  const auto read = [&](const YAML::Node& name) -> Result<void> {
    if (!name.IsScalar()) return {};
    const auto& path = name.Scalar();
    const auto slash = file.rfind('/');
    const bool beside = !path.starts_with('/') && slash != std::string::npos;
    return read_yaml(beside ? file.substr(0, slash + 1) + path : path, out, depth + 1);
  };
  if (node.IsScalar()) return read(node);
  if (node.IsSequence())
    for (const auto& item : node) TOCSIN_CHECK(read(item));
  return {};
}

Result<void> walk(const YAML::Node& node, const std::string& key, SuricataSettings& out, std::size_t& nodes,
                  int depth) {
  if (depth > depth_most) return fail(Code::invalid, "the Suricata configuration is nested too deeply at " + key);
  if (++nodes > nodes_most) return fail(Code::invalid, "the Suricata configuration has too many nodes, at " + key);
  if (node.IsScalar()) return apply(out, key, node.Scalar());
  if (node.IsMap())
    for (const auto& pair : node)
      TOCSIN_CHECK(walk(pair.second, key.empty() ? pair.first.Scalar() : key + '.' + pair.first.Scalar(), out, nodes,
                        depth + 1));
  if (!node.IsSequence()) return {};
  // A list of words is one value.
  std::string words;
  for (const auto& item : node) {
    if (++nodes > nodes_most) break;
    if (!item.IsScalar()) return out.unknown.push_back(key), Result<void>();
    words += (words.empty() ? "" : ",") + item.Scalar();
  }
  return apply(out, key, words);
}

// Sections that are lists or have a shape of their own; the rest are keys with one value each.
Result<void> read_yaml(const std::string& file, SuricataSettings& out, int depth) {
  if (depth > depth_most) return fail(Code::invalid, "Suricata configurations include each other at " + file);
  TOCSIN_TRY(const auto text, read_file(file, 4U << 20));
  try {
    const auto root = YAML::Load(text);
    if (!root.IsMap()) return {};
    std::size_t nodes = 0;
    for (const auto& pair : root) {
      const auto name = pair.first.Scalar();
      if (name == "include") TOCSIN_CHECK(include(pair.second, file, out, depth));
      else if (name == "outputs") read_suricata_outputs(pair.second, out.eve, out.unknown);
      else TOCSIN_CHECK(walk(pair.second, name, out, nodes, 0));
    }
  } catch (const YAML::Exception& e) {
    return fail(Code::invalid, file + " is no YAML: " + e.what());
  }
  return {};
}

}  // namespace

Result<SuricataSettings> read_suricata_settings(const std::string& file, const std::vector<std::string>& settings) {
  SuricataSettings out;
  if (!file.empty()) TOCSIN_CHECK(read_yaml(file, out, 0));
  // Who brings a configuration of Suricata has its limits: the bodies that are inspected bound the files in them, but
  // for those that are all to be kept.
  out.packets.http.files_within_limits = (!file.empty() || !settings.empty()) && !out.eve.files.keep_all;
  for (const auto& setting : settings) {
    const auto equals = setting.find('=');
    if (equals == std::string::npos) return fail(Code::usage, "--set takes KEY=VALUE, e.g. stream.midstream=true");
    const auto key = trim(std::string_view(setting).substr(0, equals));
    const auto value = trim(std::string_view(setting).substr(equals + 1));
    if (!set_suricata_output(key, value, out.eve, out.unknown)) TOCSIN_CHECK(apply(out, key, value));
  }
  return out;
}

}  // namespace tocsin::daemon
