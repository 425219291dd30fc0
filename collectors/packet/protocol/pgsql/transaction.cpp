#include "collectors/packet/protocol/pgsql/transaction.h"

#include "collectors/packet/protocol/pgsql/buffers.h"

namespace tocsin::collectors {

std::optional<Bytes> PgsqlTransaction::buffer(Buffer buffer, Direction direction, std::uint32_t index) const {
  if (buffer != Buffer::pgsql_query || direction != Direction::to_server || index != 0 || !request) return std::nullopt;
  const bool query = request->kind == PgsqlRequestKind::query || request->kind == PgsqlRequestKind::extended;
  return query && !request->text.empty() ? std::optional(as_bytes(request->text)) : std::nullopt;
}

std::uint8_t PgsqlTransaction::progress(Direction direction) const {
  return complete(direction) ? pgsql_progress::complete : pgsql_progress::request;
}

bool PgsqlTransaction::complete(Direction direction) const {
  return done || (direction == Direction::to_server && request_done);
}

}  // namespace tocsin::collectors
