#include "collectors/packet/protocol/dhcp/transaction.h"

#include "collectors/packet/packet_event.h"

namespace tocsin::collectors {

DhcpTransaction::DhcpTransaction(const DhcpFields& fields, DhcpMessage message, Direction direction)
    : fields_(fields), message_(std::move(message)), direction_(direction) {
  protocol = Protocol::dhcp;
  if (message_.malformed) events.set(static_cast<std::size_t>(PacketEvent::dhcp_malformed_options));
  if (message_.truncated) events.set(static_cast<std::size_t>(PacketEvent::dhcp_truncated_options));
}

std::uint8_t DhcpTransaction::type() const noexcept {
  const auto* option = message_.option(dhcp_option::type);
  return option == nullptr ? 0 : option->data[0];
}

std::optional<std::uint64_t> DhcpTransaction::number_of(Buffer buffer, Direction direction, std::uint32_t index) const {
  if (direction != direction_ || index != 0) return std::nullopt;
  switch (buffer) {
    case Buffer::dhcp_lease_time: return message_.number(dhcp_option::lease_time);
    case Buffer::dhcp_rebinding_time: return message_.number(dhcp_option::rebinding_time);
    case Buffer::dhcp_renewal_time: return message_.number(dhcp_option::renewal_time);
    default: return std::nullopt;
  }
}

std::uint32_t DhcpTransaction::record_count(const RecordDetail& detail) const {
  static constexpr std::uint8_t acknowledged = 5;
  return detail.dhcp.extended || type() == acknowledged ? 1 : 0;
}

}  // namespace tocsin::collectors
