// SNMP as Suricata's EVE shows it: https://docs.suricata.io/en/latest/output/eve/eve-json-format.html#event-type-snmp

#include "collectors/packet/protocol/snmp/transaction.h"

namespace tocsin::collectors {

bool SnmpTransaction::describe(JsonWriter& json, const RecordDetail&, RecordPurpose, std::uint32_t) const {
  json.key("snmp").begin_object().member("version", message_.version);
  if (message_.kind) {
    json.member("pdu_type", snmp_kind_name(*message_.kind));
    if (message_.error != 0) {
      const auto name = snmp_error_name(message_.error);
      json.member("error", name.empty() ? std::to_string(message_.error) : std::string(name));
    }
    if (message_.trap) {
      const auto name = snmp_trap_name(*message_.trap);
      json.member("trap_type", name.empty() ? std::to_string(*message_.trap) : std::string(name));
      json.member("trap_oid", message_.trap_object);
      if (!message_.trap_address.empty()) json.member("trap_address", message_.trap_address);
    }
    if (!message_.variables.empty()) {
      json.key("vars").begin_array();
      for (const auto& name : message_.variables) json.value(name);
      json.end_array();
    }
  }
  if (message_.version < 3) json.member("community", record_text(message_.community));
  else if (message_.user) json.member("usm", record_text(*message_.user));
  json.end_object();
  return true;
}

}  // namespace tocsin::collectors
