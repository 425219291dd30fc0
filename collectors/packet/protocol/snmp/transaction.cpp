#include "collectors/packet/protocol/snmp/transaction.h"

namespace tocsin::collectors {

std::optional<Bytes> SnmpTransaction::buffer(Buffer buffer, Direction direction, std::uint32_t index) const {
  if (direction != direction_ || index != 0) return std::nullopt;
  if (buffer == Buffer::snmp_community && message_.version < 3) return as_bytes(message_.community);
  if (buffer == Buffer::snmp_usm && message_.user) return as_bytes(*message_.user);
  return std::nullopt;
}

std::optional<std::uint64_t> SnmpTransaction::number_of(Buffer buffer, Direction direction, std::uint32_t index) const {
  if (direction != direction_ || index != 0) return std::nullopt;
  if (buffer == Buffer::snmp_version) return message_.version;
  if (buffer == Buffer::snmp_pdu_type && message_.kind) return *message_.kind;
  if (buffer == Buffer::snmp_trap_type) return message_.trap;
  return std::nullopt;
}

}  // namespace tocsin::collectors
