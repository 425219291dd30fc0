// ECS fields of a WebSocket message.

#include "collectors/packet/protocol/websocket/transaction.h"

namespace tocsin::collectors {

WebsocketFields::WebsocketFields(FieldNames& names) : opcode(names.intern("websocket.opcode")) {}

void WebsocketTransaction::fill(EventBuilder& builder) const {
  builder.set(fields_.opcode, websocket_opcode_name(opcode));
}

}  // namespace tocsin::collectors
