#include <algorithm>
#include <array>

#include "collectors/base/text.h"
#include "responders/incident/incident.h"

namespace tocsin::responders {
namespace {

constexpr std::array<std::string_view, 3> trust_names{"unknown", "answered", "forgeable"};
// Of a server that tells of its client: over TCP alone; and those over UDP.
constexpr std::array<std::string_view, 7> over_tcp{"ssh", "ftp", "smtp", "http", "imap", "pop3", "smb"};
constexpr std::array<std::string_view, 6> over_udp{"dns", "sip", "dhcp", "ike", "ntp", "snmp"};

template <std::size_t N>
bool holds(const std::array<std::string_view, N>& all, std::string_view one) {
  return std::ranges::find(all, one) != all.end();
}

std::string_view field(const rules::Alert& alert, std::string_view name) {
  const auto at = std::ranges::find(alert.fields, name, [](const auto& pair) { return std::string_view(pair.first); });
  return at == alert.fields.end() ? std::string_view{} : std::string_view(at->second);
}

// A line in a log carries the number of who wrote it: a web server that tells of an attack is not the attacker. Audit
// records and owners of sockets are about the process itself.
bool tells_of_process(const rules::Alert& alert) {
  return alert.packet.has_value() || field(alert, "event.module") == "auditd";
}

// The stream engine hands data of connections on whose handshake it saw; without data a SYN is as good as UDP.
SourceTrust trust_of(const rules::Alert& alert) {
  constexpr std::uint8_t tcp = 6;
  if (alert.packet)
    return alert.packet->transport == tcp && !alert.packet->application.empty() ? SourceTrust::answered
                                                                                : SourceTrust::forgeable;
  const std::string_view transport = field(alert, "network.transport");
  const std::string_view protocol = field(alert, "network.protocol");
  if ((!transport.empty() && transport != "tcp") || holds(over_udp, protocol)) return SourceTrust::forgeable;
  return holds(over_tcp, protocol) ? SourceTrust::answered : SourceTrust::unknown;
}

// "ED25519 SHA256:…": as sshd writes it.
std::string fingerprint_in(std::string_view text) {
  constexpr std::size_t length = 50;  // "SHA256:" and 43 digits of Base64
  const std::size_t at = text.find("SHA256:");
  return at == std::string_view::npos || text.size() - at < length ? std::string()
                                                                   : std::string(text.substr(at, length));
}

}  // namespace

std::string_view source_trust_name(SourceTrust trust) noexcept { return trust_names[static_cast<std::size_t>(trust)]; }

std::optional<SourceTrust> parse_source_trust(std::string_view name) noexcept {
  const auto at = std::ranges::find(trust_names, name);
  if (at == trust_names.end()) return std::nullopt;
  return static_cast<SourceTrust>(at - trust_names.begin());
}

ResponseFacts facts_of(const rules::Alert& alert) {
  ResponseFacts out;
  out.source = trust_of(alert);
  if (field(alert, "event.outcome") == "success") out.key = fingerprint_in(field(alert, "sshd.key"));
  if (!tells_of_process(alert)) return out;
  const std::string_view executable = field(alert, "process.executable");
  const auto process = parse_unsigned(field(alert, "process.pid"));
  if (executable.starts_with('/') && process && *process > 1 && *process <= INT32_MAX) {
    out.process = static_cast<std::uint32_t>(*process);
    out.executable = executable;
  }
  if (const std::string_view unit = field(alert, "service.name"); unit.ends_with(".service")) out.unit = unit;
  return out;
}

}  // namespace tocsin::responders
