#include "collectors/packet/protocol/rfb/transaction.h"

#include "collectors/packet/protocol/rfb/buffers.h"

namespace tocsin::collectors {

bool RfbTransaction::complete(Direction direction) const {
  return done || steps[collectors::index(direction)] >= rfb_progress::ready;
}

std::optional<Bytes> RfbTransaction::buffer(Buffer buffer, Direction direction, std::uint32_t index) const {
  if (buffer != Buffer::rfb_name || direction != Direction::to_client || index != 0 || !screen) return std::nullopt;
  return as_bytes(screen->name);
}

std::optional<std::uint64_t> RfbTransaction::number_of(Buffer buffer, Direction direction, std::uint32_t index) const {
  if (index != 0) return std::nullopt;
  if (buffer == Buffer::rfb_security_type && direction == Direction::to_server) return security_type;
  if (buffer == Buffer::rfb_security_result && direction == Direction::to_client) return security_result;
  return std::nullopt;
}

std::string rfb_result_name(std::uint32_t result) {
  switch (result) {
    case 0: return "OK";
    case 1: return "FAIL";
    case 2: return "TOOMANY";
    default: return "UNKNOWN (" + std::to_string(result) + ")";
  }
}

}  // namespace tocsin::collectors
