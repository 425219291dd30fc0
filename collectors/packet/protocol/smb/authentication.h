#pragma once
// Who logs on, as far as the messages of a session setup tell: NTLMSSP (MS-NLMP 2.2.1.3) and the ticket of Kerberos
// (RFC 4120 5.3), bare or inside SPNEGO (RFC 4178).

#include <optional>
#include <string>
#include <vector>

#include "collectors/base/bytes.h"
#include "collectors/base/json.h"
#include "collectors/event/event.h"

namespace tocsin::collectors {

struct NtlmLogon {
  std::string user, domain, host;
  std::string version;  // "10.0 build 14393 rev 15"; empty when not sent

  void fill(EventBuilder& builder) const;  // ECS: user, domain, the host it comes from
};
// `"ntlmssp":{…}`
void append_ntlm(JsonWriter& json, const NtlmLogon& logon);
// What a blob says of NTLM: nothing at all, another message of its exchange, a logon, or nonsense.
struct NtlmFinding {
  bool present = false;
  bool malformed = false;
  std::optional<NtlmLogon> logon;
};
NtlmFinding find_ntlm(Bytes blob);

struct KerberosService {
  std::string realm;
  std::vector<std::string> names;
};
std::optional<KerberosService> find_kerberos(Bytes blob);

}  // namespace tocsin::collectors
