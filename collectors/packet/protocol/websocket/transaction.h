#pragma once
// A WebSocket message: one frame, or the pieces of a fragmented one put together.

#include <optional>
#include <string_view>
#include <vector>

#include "collectors/event/field.h"
#include "collectors/packet/transaction.h"

namespace tocsin::collectors {

// Fields that the schema does not know, interned once per worker.
struct WebsocketFields {
  Field opcode;
  explicit WebsocketFields(FieldNames& names);
};

namespace websocket_opcode {
inline constexpr std::uint8_t continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10;
}
std::string_view websocket_opcode_name(std::uint8_t opcode) noexcept;  // empty when unknown
std::optional<std::uint8_t> find_websocket_opcode(std::string_view name) noexcept;

class WebsocketTransaction final : public WholeTransaction {
 public:
  WebsocketTransaction(const WebsocketFields& fields, Direction side) : fields_(fields), side_(side) {
    protocol = Protocol::websocket;
  }

  std::uint8_t opcode = 0;
  std::uint8_t flags = 0;  // the first byte's upper half: fin, and three for extensions
  std::optional<std::uint32_t> mask;
  std::vector<std::uint8_t> payload;  // unmasked, up to the limit

  std::optional<Bytes> buffer(Buffer buffer, Direction direction, std::uint32_t index) const override;
  std::optional<std::uint64_t> number_of(Buffer buffer, Direction direction, std::uint32_t index) const override;
  void fill(EventBuilder& builder) const override;
  Direction record_sender(const RecordDetail&) const override { return side_; }
  bool describe(JsonWriter& json, const RecordDetail& detail, RecordPurpose purpose, std::uint32_t part) const override;

 private:
  const WebsocketFields& fields_;
  const Direction side_;
};

}  // namespace tocsin::collectors
