// ECS fields of a message of RDP.

#include "collectors/event/field_table.h"
#include "collectors/packet/protocol/rdp/transaction.h"

namespace tocsin::collectors {

RdpFields::RdpFields(FieldNames& names)
    : kind(names.intern("rdp.event_type")),
      cookie(names.intern("rdp.cookie")),
      client_name(names.intern("rdp.client.name")),
      client_build(names.intern("rdp.client.build")),
      channels(names.intern("rdp.channels")) {}

void RdpTransaction::fill(EventBuilder& builder) const {
  builder.set(fields_.kind, rdp_kind_name(message_.kind));
  if (message_.cookie) builder.set(fields_.cookie, *message_.cookie);
  if (message_.client) {
    builder.set(fields_.client_name, message_.client->name);
    builder.set(fields_.client_build, rdp_build_name(message_.client->build));
  }
  const std::vector<std::string_view> names(message_.channels.begin(), message_.channels.end());
  if (!names.empty()) builder.set_list(fields_.channels, names);
}

}  // namespace tocsin::collectors
