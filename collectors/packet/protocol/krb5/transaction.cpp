#include "collectors/packet/protocol/krb5/transaction.h"

#include "collectors/packet/packet_event.h"

namespace tocsin::collectors {

KerberosTransaction::KerberosTransaction(const KerberosFields& fields, KerberosMessage message, std::uint8_t asked,
                                         Direction direction)
    : fields_(fields), message_(std::move(message)), asked_(asked), direction_(direction) {
  protocol = Protocol::krb5;
  if (message_.encryption && kerberos_encryption_weak(*message_.encryption))
    events.set(static_cast<std::size_t>(PacketEvent::krb5_weak_encryption));
}

std::optional<Bytes> KerberosTransaction::buffer(Buffer buffer, Direction direction, std::uint32_t index) const {
  if (direction != direction_) return std::nullopt;
  const auto& name = buffer == Buffer::krb5_cname ? message_.client : message_.server;
  if (buffer != Buffer::krb5_cname && buffer != Buffer::krb5_sname) return std::nullopt;
  return name && index < name->size() ? std::optional(as_bytes((*name)[index])) : std::nullopt;
}

std::optional<std::uint64_t> KerberosTransaction::number_of(Buffer buffer, Direction direction,
                                                            std::uint32_t index) const {
  if (direction != direction_ || index != 0) return std::nullopt;
  const auto wide = [](std::int32_t value) { return static_cast<std::uint64_t>(std::int64_t{value}); };
  if (buffer == Buffer::krb5_message_type) return message_.type;
  if (buffer == Buffer::krb5_error_code && message_.error) return wide(*message_.error);
  if (buffer == Buffer::krb5_ticket_encryption && message_.ticket_encryption) return wide(*message_.ticket_encryption);
  return std::nullopt;
}

}  // namespace tocsin::collectors
