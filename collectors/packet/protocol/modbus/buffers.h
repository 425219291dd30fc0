#pragma once
// Numbers of Modbus that rules compare. Seen on the side of the request once it is answered. Progress: 1 request,
// 2 answered.

#include <array>

#include "collectors/packet/buffer.h"

namespace tocsin::collectors {

inline constexpr std::array modbus_buffers{
    BufferRow{Buffer::modbus_unit, "modbus.unit", Protocol::modbus, BufferSide::to_server, 2, false, false},
    BufferRow{Buffer::modbus_function, "modbus.function", Protocol::modbus, BufferSide::to_server, 2, false, false},
    BufferRow{Buffer::modbus_subfunction, "modbus.subfunction", Protocol::modbus, BufferSide::to_server, 2, false,
              false},
    BufferRow{Buffer::modbus_category, "modbus.category", Protocol::modbus, BufferSide::to_server, 2, false, false},
    BufferRow{Buffer::modbus_access, "modbus.access", Protocol::modbus, BufferSide::to_server, 2, false, false},
    BufferRow{Buffer::modbus_table, "modbus.table", Protocol::modbus, BufferSide::to_server, 2, false, false},
    BufferRow{Buffer::modbus_address_first, "modbus.address.first", Protocol::modbus, BufferSide::to_server, 2, false,
              false},
    BufferRow{Buffer::modbus_address_last, "modbus.address.last", Protocol::modbus, BufferSide::to_server, 2, false,
              false},
    BufferRow{Buffer::modbus_value, "modbus.value", Protocol::modbus, BufferSide::to_server, 2, true, false},
};

}  // namespace tocsin::collectors
