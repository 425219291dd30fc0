// WebSocket as Suricata's EVE shows it:
// https://docs.suricata.io/en/latest/output/eve/eve-json-format.html#event-type-websocket

#include "collectors/packet/protocol/websocket/transaction.h"

namespace tocsin::collectors {

bool WebsocketTransaction::describe(JsonWriter& json, const RecordDetail&, RecordPurpose, std::uint32_t) const {
  json.key("websocket").begin_object().member("fin", (flags & 0x80U) != 0);
  if (mask) json.member("mask", *mask);
  const auto name = websocket_opcode_name(opcode);
  if (name.empty()) json.member("opcode", "unknown-" + std::to_string(opcode));
  else json.member("opcode", name);
  json.end_object();
  return true;
}

}  // namespace tocsin::collectors
