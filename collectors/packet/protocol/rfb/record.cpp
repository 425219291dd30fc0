// ECS fields of a conversation of RFB.

#include "collectors/packet/protocol/rfb/transaction.h"

namespace tocsin::collectors {

RfbFields::RfbFields(FieldNames& names)
    : server_version(names.intern("rfb.server.version")),
      client_version(names.intern("rfb.client.version")),
      security_type(names.intern("rfb.security_type")),
      security_result(names.intern("rfb.security_result")),
      screen_name(names.intern("rfb.screen_name")) {}

void RfbTransaction::fill(EventBuilder& builder) const {
  if (server_version) builder.set(fields_.server_version, server_version->major + "." + server_version->minor);
  if (client_version) builder.set(fields_.client_version, client_version->major + "." + client_version->minor);
  if (security_type) builder.set(fields_.security_type, std::uint64_t{*security_type});
  if (security_result) builder.set(fields_.security_result, rfb_result_name(*security_result));
  if (screen) builder.set(fields_.screen_name, screen->name);
}

}  // namespace tocsin::collectors
