#include "collectors/packet/protocol/websocket/transaction.h"

#include <array>

namespace tocsin::collectors {
namespace {

constexpr std::array<std::pair<std::uint8_t, std::string_view>, 6> names{
    {{0, "continuation"}, {1, "text"}, {2, "binary"}, {8, "connection_close"}, {9, "ping"}, {10, "pong"}}};

}  // namespace

std::string_view websocket_opcode_name(std::uint8_t opcode) noexcept {
  for (const auto& [number, name] : names)
    if (number == opcode) return name;
  return {};
}

std::optional<std::uint8_t> find_websocket_opcode(std::string_view word) noexcept {
  for (const auto& [number, name] : names)
    if (name == word) return number;
  return std::nullopt;
}

std::optional<Bytes> WebsocketTransaction::buffer(Buffer buffer, Direction direction, std::uint32_t index) const {
  if (direction != side_ || index != 0) return std::nullopt;
  if (buffer == Buffer::websocket_flags) return Bytes(&flags, 1);
  if (buffer == Buffer::websocket_payload) return Bytes(payload);
  return std::nullopt;
}

std::optional<std::uint64_t> WebsocketTransaction::number_of(Buffer buffer, Direction direction,
                                                             std::uint32_t index) const {
  if (direction != side_ || index != 0) return std::nullopt;
  if (buffer == Buffer::websocket_opcode) return opcode;
  if (buffer == Buffer::websocket_flags) return flags;
  if (buffer == Buffer::websocket_mask && mask) return *mask;
  return std::nullopt;
}

}  // namespace tocsin::collectors
