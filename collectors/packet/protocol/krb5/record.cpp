// ECS fields of a Kerberos message.

#include "collectors/packet/protocol/krb5/transaction.h"

namespace tocsin::collectors {

namespace {

std::string joined(const KerberosName& name) {
  std::string out;
  for (const auto& part : name) out += (out.empty() ? "" : "/") + part;
  return out;
}

}  // namespace

KerberosFields::KerberosFields(FieldNames& names)
    : type(names.intern("kerberos.request_type")),
      client(names.intern("kerberos.client")),
      server(names.intern("kerberos.service")),
      realm(names.intern("kerberos.realm")),
      encryption(names.intern("kerberos.cipher")),
      ticket_encryption(names.intern("kerberos.ticket.cipher")),
      error(names.intern("kerberos.error.msg")) {}

void KerberosTransaction::fill(EventBuilder& builder) const {
  builder.set(fields_.type, kerberos_type_name(message_.type));
  if (message_.client) builder.set(fields_.client, joined(*message_.client));
  if (message_.server) builder.set(fields_.server, joined(*message_.server));
  if (message_.realm) builder.set(fields_.realm, *message_.realm);
  if (message_.encryption) builder.set(fields_.encryption, kerberos_encryption_name(*message_.encryption));
  if (message_.ticket_encryption)
    builder.set(fields_.ticket_encryption, kerberos_encryption_name(*message_.ticket_encryption));
  if (message_.error) builder.set(fields_.error, kerberos_error_name(*message_.error));
}

}  // namespace tocsin::collectors
