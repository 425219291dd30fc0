// ECS fields of a QUIC handshake.

#include "collectors/event/field_table.h"
#include "collectors/packet/protocol/quic/transaction.h"

namespace tocsin::collectors {

QuicFields::QuicFields(FieldNames& names) : version(names.intern("quic.version")) {}

void QuicTransaction::fill(EventBuilder& builder) const {
  builder.set(fields_.version, std::uint64_t{version_});
  const auto& name = google_ ? google_->server_name : client_ ? client_->server_name : std::string{};
  if (!name.empty()) builder.set(field::tls_client_server_name, name);
}

}  // namespace tocsin::collectors
