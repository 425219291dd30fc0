// ECS fields of an SNMP message. Communities are passwords and stay out of records.

#include "collectors/event/field_table.h"
#include "collectors/packet/protocol/snmp/transaction.h"

namespace tocsin::collectors {

SnmpFields::SnmpFields(FieldNames& names)
    : version(names.intern("snmp.version")),
      kind(names.intern("snmp.pdu_type")),
      variables(names.intern("snmp.variables")),
      trap(names.intern("snmp.trap_type")) {}

void SnmpTransaction::fill(EventBuilder& builder) const {
  builder.set(fields_.version, std::uint64_t{message_.version});
  if (message_.kind) builder.set(fields_.kind, snmp_kind_name(*message_.kind));
  if (message_.user) builder.set(field::user_name, *message_.user);
  if (message_.trap) builder.set(fields_.trap, snmp_trap_name(*message_.trap));
  const std::vector<std::string_view> names(message_.variables.begin(), message_.variables.end());
  if (!names.empty()) builder.set_list(fields_.variables, names);
}

}  // namespace tocsin::collectors
