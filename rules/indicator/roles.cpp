#include "rules/indicator/roles.h"

#include <algorithm>

#include "collectors/base/text.h"

namespace tocsin::rules::indicator {
namespace {

struct Row {
  std::string_view name;
  FieldRole role;
};

// Whole names.
constexpr Row whole_names[] = {{"dns.question.name", FieldRole::host},
                               {"dns.answers.data", FieldRole::answers},
                               {"dns.resolved_ip", FieldRole::address},
                               {"tls.client.server_name", FieldRole::host},
                               {"url.domain", FieldRole::host},
                               {"source.domain", FieldRole::host},
                               {"destination.domain", FieldRole::host},
                               {"client.domain", FieldRole::host},
                               {"server.domain", FieldRole::host},
                               {"source.address", FieldRole::host},
                               {"destination.address", FieldRole::host},
                               {"url.full", FieldRole::url},
                               {"url.original", FieldRole::url},
                               {"user.domain", FieldRole::none},
                               {"http.request.referrer", FieldRole::none},
                               {"tls.client.ja4", FieldRole::ja4}};

// The last part of a name, in lower case without _ between words: fields that only a product knows.
constexpr Row last_parts[] = {{"ip", FieldRole::address},
                              {"ipaddress", FieldRole::address},
                              {"sourceip", FieldRole::address},
                              {"destinationip", FieldRole::address},
                              {"srcip", FieldRole::address},
                              {"dstip", FieldRole::address},
                              {"destip", FieldRole::address},
                              {"remoteip", FieldRole::address},
                              {"clientip", FieldRole::address},
                              {"serverip", FieldRole::address},
                              {"peerip", FieldRole::address},
                              {"callerip", FieldRole::address},
                              {"calleripaddress", FieldRole::address},
                              {"sourceipaddress", FieldRole::address},
                              {"sourceaddress", FieldRole::host},
                              {"destaddress", FieldRole::host},
                              {"destinationaddress", FieldRole::host},
                              {"remoteaddress", FieldRole::host},
                              {"domain", FieldRole::host},
                              {"fqdn", FieldRole::host},
                              {"queryname", FieldRole::host},
                              {"rrname", FieldRole::host},
                              {"sni", FieldRole::host},
                              {"servername", FieldRole::host},
                              {"destinationhostname", FieldRole::host},
                              {"sourcehostname", FieldRole::host},
                              {"remotehost", FieldRole::host},
                              {"queryresults", FieldRole::answers},
                              {"url", FieldRole::url},
                              {"requesturl", FieldRole::url},
                              {"remoteurl", FieldRole::url},
                              {"md5", FieldRole::digest},
                              {"sha1", FieldRole::digest},
                              {"sha256", FieldRole::digest},
                              {"hash", FieldRole::digest},
                              {"hashes", FieldRole::digest},
                              {"filehash", FieldRole::digest},
                              {"ja3", FieldRole::digest},
                              {"ja3s", FieldRole::digest},
                              {"ja4", FieldRole::ja4}};

// What these say is about us, or about who looked.
constexpr std::string_view own_prefixes[] = {"host.", "observer.", "agent.", "log."};

constexpr std::size_t part_most = 32;

}  // namespace

FieldRole role_of(std::string_view name) noexcept {
  for (const auto prefix : own_prefixes)
    if (name.starts_with(prefix)) return FieldRole::own;
  const auto* const whole = std::ranges::find(whole_names, name, &Row::name);
  if (whole != std::end(whole_names)) return whole->role;
  const auto last = name.substr(name.rfind('.') + 1);
  std::array<char, part_most> part;
  std::size_t size = 0;
  for (const char c : last) {
    if (c == '_' || c == '-') continue;
    if (size == part.size()) return FieldRole::none;
    part[size++] = to_lower_ascii(c);
  }
  const auto* const row = std::ranges::find(last_parts, std::string_view(part.data(), size), &Row::name);
  return row == std::end(last_parts) ? FieldRole::none : row->role;
}

}  // namespace tocsin::rules::indicator
