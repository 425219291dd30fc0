// ECS fields of a DNP3 message.

#include "collectors/packet/protocol/dnp3/transaction.h"

namespace tocsin::collectors {

Dnp3Fields::Dnp3Fields(FieldNames& names)
    : function(names.intern("dnp3.function")),
      source(names.intern("dnp3.source")),
      destination(names.intern("dnp3.destination")) {}

void Dnp3Transaction::fill(EventBuilder& builder) const {
  for (const auto& row : dnp3_function_names())
    if (row.number == function()) builder.set(fields_.function, row.name);
  builder.set(fields_.source, std::uint64_t{link.source});
  builder.set(fields_.destination, std::uint64_t{link.destination});
}

}  // namespace tocsin::collectors
