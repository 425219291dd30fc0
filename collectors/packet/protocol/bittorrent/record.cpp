// ECS fields of a message of BitTorrent's distributed hash table.

#include "collectors/base/text.h"
#include "collectors/packet/protocol/bittorrent/transaction.h"

namespace tocsin::collectors {

DhtFields::DhtFields(FieldNames& names)
    : kind(names.intern("bittorrent_dht.request_type")), info_hash(names.intern("bittorrent_dht.info_hash")) {}

void DhtTransaction::fill(EventBuilder& builder) const {
  if (!message_.request) return;
  builder.set(fields_.kind, message_.kind);
  if (const auto& hash = message_.request->info_hash) {
    const Bytes bytes = as_bytes(*hash);
    builder.set(fields_.info_hash, to_hex(bytes.data(), bytes.size()));
  }
}

}  // namespace tocsin::collectors
