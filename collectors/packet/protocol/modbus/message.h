#pragma once
// Modbus application protocol 1.1b3 and its messages over TCP (https://modbus.org/specs.php): headers, function codes,
// what a request reads or writes.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/bytes.h"

namespace tocsin::collectors {

namespace modbus_access {
inline constexpr std::uint8_t read = 0x01, write = 0x02, discretes = 0x04, coils = 0x08, input = 0x10, holding = 0x20,
                              single = 0x40, multiple = 0x80;
}
enum class ModbusCategory : std::uint8_t { assigned = 1, unassigned = 2, user = 4, reserved = 8 };

struct ModbusFunction {
  std::uint8_t code;
  std::string_view name;
  std::uint8_t access;
};
const ModbusFunction* find_modbus_function(std::uint8_t code) noexcept;
ModbusCategory modbus_category(std::uint8_t function, std::optional<std::uint16_t> subfunction) noexcept;
std::string modbus_access_text(std::uint8_t access);  // "READ | COILS"
std::string_view modbus_category_name(ModbusCategory category) noexcept;

struct ModbusMessage {
  static constexpr std::size_t header_size = 7;

  std::uint16_t transaction = 0, protocol = 0, length = 0;
  std::uint8_t unit = 0, function = 0;
  std::optional<std::uint16_t> subfunction;  // diagnostics, MEI
  std::optional<std::uint16_t> address, quantity;
  std::vector<std::uint16_t> values;  // written, at most 128
  std::optional<std::uint8_t> exception;
  bool short_data = false;  // less than its function needs
  bool bad_value = false;

  std::uint8_t code() const noexcept { return function & 0x7FU; }
  std::uint8_t access() const noexcept;
};

// A whole message: header and what it announces.
ModbusMessage parse_modbus(Bytes bytes, bool request);

}  // namespace tocsin::collectors
