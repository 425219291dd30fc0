#include "collectors/packet/protocol/http/authentication.h"

#include "collectors/base/base64.h"
#include "collectors/base/text.h"

namespace tocsin::collectors {

std::optional<NtlmLogon> http_logon(const HttpTransaction& transaction) {
  const auto& request = transaction.side(Direction::to_server);
  for (const auto* name : {"Authorization", "Proxy-Authorization"}) {
    const auto* header = request.find(name);
    if (header == nullptr) continue;
    const std::string_view value = trim(header->value);
    const auto blank = value.find(' ');
    if (blank == std::string_view::npos) continue;
    const auto scheme = value.substr(0, blank);
    if (!equals_ignoring_case(scheme, "NTLM") && !equals_ignoring_case(scheme, "Negotiate")) continue;
    const auto token = parse_base64(trim(value.substr(blank)));
    if (!token) continue;
    if (auto logon = find_ntlm(as_bytes(*token)).logon) return logon;
  }
  return std::nullopt;
}

}  // namespace tocsin::collectors
