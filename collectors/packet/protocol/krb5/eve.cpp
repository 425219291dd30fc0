// Kerberos as Suricata's EVE shows it:
// https://docs.suricata.io/en/latest/output/eve/eve-json-format.html#event-type-krb5

#include "collectors/packet/protocol/krb5/transaction.h"

namespace tocsin::collectors {

namespace {

std::string name_text(const std::optional<KerberosName>& name) {
  if (!name) return "<empty>";
  std::string out;
  for (const auto& part : *name) out += (out.empty() ? "" : "/") + part;
  return record_text(out);
}

}  // namespace

bool KerberosTransaction::describe(JsonWriter& json, const RecordDetail&, RecordPurpose, std::uint32_t) const {
  json.key("krb5").begin_object().member("msg_type", kerberos_type_name(message_.type));
  if (message_.error) {
    const auto asked = kerberos_type_name(asked_);
    json.member("failed_request", asked.empty() ? std::string_view("UNKNOWN") : asked);
    json.member("error_code", kerberos_error_name(*message_.error));
  }
  json.member("cname", name_text(message_.client));
  json.member("realm", message_.realm ? record_text(*message_.realm) : std::string("<empty>"));
  json.member("sname", name_text(message_.server));
  json.member("encryption", message_.encryption ? kerberos_encryption_name(*message_.encryption) : "<none>");
  json.member("weak_encryption", message_.encryption && kerberos_encryption_weak(*message_.encryption));
  if (message_.ticket_encryption) {
    json.member("ticket_encryption", kerberos_encryption_name(*message_.ticket_encryption));
    json.member("ticket_weak_encryption", kerberos_encryption_weak(*message_.ticket_encryption));
  }
  json.end_object();
  return true;
}

}  // namespace tocsin::collectors
