// ECS fields of a message of IKE.

#include "collectors/packet/protocol/ike/transaction.h"

namespace tocsin::collectors {

IkeFields::IkeFields(FieldNames& names)
    : version(names.intern("ike.version")),
      exchange(names.intern("ike.exchange_type")),
      initiator(names.intern("ike.initiator_spi")),
      responder(names.intern("ike.responder_spi")) {}

void IkeTransaction::fill(EventBuilder& builder) const {
  builder.set(fields_.version, std::uint64_t{message_.major});
  builder.set(fields_.exchange, std::uint64_t{message_.exchange});
  builder.set(fields_.initiator, initiator_);
  builder.set(fields_.responder, responder_);
}

}  // namespace tocsin::collectors
