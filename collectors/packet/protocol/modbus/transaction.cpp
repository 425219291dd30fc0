#include "collectors/packet/protocol/modbus/transaction.h"

namespace tocsin::collectors {

std::optional<std::uint64_t> ModbusTransaction::number_of(Buffer buffer, Direction direction,
                                                          std::uint32_t index) const {
  // Rules speak of the request, and their alerts are to show the answer.
  if (direction != Direction::to_server || !done || !request) return std::nullopt;
  const auto& message = *request;
  if (buffer == Buffer::modbus_value)
    return index < message.values.size() ? std::optional<std::uint64_t>(message.values[index]) : std::nullopt;
  if (index != 0) return std::nullopt;
  static constexpr std::uint8_t access_mask = modbus_access::read | modbus_access::write;
  static constexpr std::uint8_t table_mask =
      modbus_access::discretes | modbus_access::coils | modbus_access::input | modbus_access::holding;
  switch (buffer) {
    case Buffer::modbus_unit: return message.unit;
    case Buffer::modbus_function: return message.code();
    case Buffer::modbus_subfunction: return message.subfunction;
    case Buffer::modbus_category:
      return static_cast<std::uint64_t>(modbus_category(message.code(), message.subfunction));
    case Buffer::modbus_access: return message.access() & access_mask;
    case Buffer::modbus_table: return message.access() & table_mask;
    case Buffer::modbus_address_first: return message.address;
    case Buffer::modbus_address_last:
      if (!message.address) return std::nullopt;
      return std::uint64_t{*message.address} +
             (message.quantity.value_or(1) == 0 ? 0 : message.quantity.value_or(1) - 1U);
    default: return std::nullopt;
  }
}

}  // namespace tocsin::collectors
