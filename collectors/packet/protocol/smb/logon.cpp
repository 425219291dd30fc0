// A logon with NTLM in records, whatever protocol carries it.

#include "collectors/event/field_table.h"
#include "collectors/packet/protocol/smb/authentication.h"
#include "collectors/packet/record/detail.h"

namespace tocsin::collectors {

void NtlmLogon::fill(EventBuilder& builder) const {
  const auto text = [&](Field field, const std::string& value) {
    if (!value.empty()) builder.set(field, value);
  };
  text(field::user_name, user);
  text(field::user_domain, domain);
  text(field::source_domain, host);
}

void append_ntlm(JsonWriter& json, const NtlmLogon& logon) {
  json.key("ntlmssp").begin_object();
  json.member("domain", record_text(logon.domain)).member("user", record_text(logon.user));
  json.member("host", record_text(logon.host));
  if (!logon.version.empty()) json.member("version", logon.version);
  json.end_object();
}

}  // namespace tocsin::collectors
