// ECS fields of a Modbus transaction.

#include "collectors/packet/protocol/modbus/transaction.h"

namespace tocsin::collectors {

ModbusFields::ModbusFields(FieldNames& names)
    : function(names.intern("modbus.function")), unit(names.intern("modbus.unit")) {}

void ModbusTransaction::fill(EventBuilder& builder) const {
  const auto& message = request ? request : response;
  if (!message) return;
  builder.set(fields_.unit, std::uint64_t{message->unit});
  const auto* known = find_modbus_function(message->code());
  if (known != nullptr) builder.set(fields_.function, known->name);
}

}  // namespace tocsin::collectors
