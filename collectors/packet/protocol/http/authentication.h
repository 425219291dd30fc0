#pragma once
// Who a request says it comes from, by NTLM (MS-NTHT) or Negotiate with NTLM in it (RFC 4559).

#include <optional>

#include "collectors/packet/protocol/http/transaction.h"
#include "collectors/packet/protocol/smb/authentication.h"

namespace tocsin::collectors {

std::optional<NtlmLogon> http_logon(const HttpTransaction& transaction);

}  // namespace tocsin::collectors
