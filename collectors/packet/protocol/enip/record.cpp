// ECS fields of an EtherNet/IP transaction.

#include "collectors/packet/protocol/enip/transaction.h"

namespace tocsin::collectors {

EnipFields::EnipFields(FieldNames& names) : command(names.intern("enip.command")) {}

void EnipTransaction::fill(EventBuilder& builder) const {
  const auto& message = request ? request : response;
  if (!message) return;
  for (const auto& known : enip_command_names())
    if (known.number == message->header.command) builder.set(fields_.command, known.name);
}

}  // namespace tocsin::collectors
