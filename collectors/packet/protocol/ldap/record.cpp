// ECS fields of a request of LDAP and its answers.

#include "collectors/packet/protocol/ldap/transaction.h"

namespace tocsin::collectors {

LdapFields::LdapFields(FieldNames& names)
    : operation(names.intern("ldap.operation")),
      name(names.intern("ldap.dn")),
      result(names.intern("ldap.result_code")),
      message(names.intern("ldap.message")) {}

void LdapTransaction::fill(EventBuilder& builder) const {
  const LdapMessage* first = request ? &*request : responses.empty() ? nullptr : &responses.front();
  if (first == nullptr) return;
  builder.set(fields_.operation, ldap_operation_name(first->operation));
  if (!first->name.empty()) builder.set(fields_.name, first->name);
  if (first->logon) first->logon->fill(builder);
  if (responses.empty() || !responses.back().result) return;
  const auto& result = *responses.back().result;
  const auto name = ldap_result_name(result.code);
  builder.set(fields_.result, name.empty() ? std::to_string(result.code) : std::string(name));
  if (!result.message.empty()) builder.set(fields_.message, result.message);
}

}  // namespace tocsin::collectors
