#include "collectors/packet/protocol/nfs/transaction.h"

namespace tocsin::collectors {

bool NfsTransaction::complete(Direction direction) const {
  if (file) return file->ended;
  return answered || direction == Direction::to_server;
}

std::optional<Bytes> NfsTransaction::buffer(Buffer buffer, Direction direction, std::uint32_t index) const {
  if (buffer != Buffer::file_data || index != 0 || !file || file->direction != direction) return std::nullopt;
  return file->kept.empty() ? std::nullopt : std::optional(Bytes(file->kept));
}

std::optional<std::uint64_t> NfsTransaction::number_of(Buffer buffer, Direction direction, std::uint32_t index) const {
  if (direction != Direction::to_server || index != 0) return std::nullopt;
  if (buffer == Buffer::nfs_version) return version;
  if (buffer == Buffer::nfs_procedure) return procedure;
  return std::nullopt;
}

}  // namespace tocsin::collectors
