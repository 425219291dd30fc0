#include "collectors/packet/protocol/modbus/message.h"

#include <algorithm>
#include <array>

namespace tocsin::collectors {
namespace {

using namespace modbus_access;

constexpr auto functions = std::to_array<ModbusFunction>({{1, "RdCoils", read | coils},
                                                          {2, "RdDiscreteInputs", read | discretes},
                                                          {3, "RdHoldRegs", read | holding},
                                                          {4, "RdInputRegs", read | input},
                                                          {5, "WrSingleCoil", write | coils | single},
                                                          {6, "WrSingleReg", write | holding | single},
                                                          {7, "RdExcStatus", 0},
                                                          {8, "Diagnostic", 0},
                                                          {9, "Program484", 0},
                                                          {10, "Poll484", 0},
                                                          {11, "GetCommEventCtr", 0},
                                                          {12, "GetCommEventLog", 0},
                                                          {13, "ProgramController", 0},
                                                          {14, "PollController", 0},
                                                          {15, "WrMultCoils", write | coils | multiple},
                                                          {16, "WrMultRegs", write | holding | multiple},
                                                          {17, "ReportServerID", 0},
                                                          {18, "Program884", 0},
                                                          {19, "ResetCommLink", 0},
                                                          {20, "RdFileRec", 0},
                                                          {21, "WrFileRec", 0},
                                                          {22, "MaskWrReg", write | holding | single},
                                                          {23, "RdWrMultRegs", read | write | holding | multiple},
                                                          {24, "RdFIFOQueue", 0},
                                                          {43, "MEI", 0}});

constexpr std::size_t values_most = 128;

void read_values(ByteReader& reader, ModbusMessage& out) {
  const std::size_t size = reader.u8();
  const auto data = reader.take(size);
  if (!reader.ok()) {
    out.short_data = true;
    return;
  }
  const bool bits = out.code() == 15;
  if (bits) {
    for (std::size_t i = 0; i < std::min<std::size_t>(out.quantity.value_or(0), values_most) && i / 8 < size; ++i)
      out.values.push_back((data[i / 8] >> (i % 8)) & 1U);
    out.bad_value = size != (out.quantity.value_or(0) + 7U) / 8U;
    return;
  }
  for (std::size_t i = 0; i + 1 < size && out.values.size() < values_most; i += 2)
    out.values.push_back(static_cast<std::uint16_t>((data[i] << 8) | data[i + 1]));
  out.bad_value = size != std::size_t{2} * out.quantity.value_or(0);
}

void read_request(ByteReader& reader, ModbusMessage& out) {
  switch (out.code()) {
    case 1:
    case 2:
    case 3:
    case 4:
      out.address = reader.u16();
      out.quantity = reader.u16();
      break;
    case 5:
    case 6:
      out.address = reader.u16();
      out.values.push_back(reader.u16());
      if (out.code() == 5) out.bad_value = out.values[0] != 0 && out.values[0] != 0xFF00;
      break;
    case 8: out.subfunction = reader.u16(); break;
    case 15:
    case 16:
      out.address = reader.u16();
      out.quantity = reader.u16();
      read_values(reader, out);
      break;
    case 22: out.address = reader.u16(); break;
    case 23:
      out.address = reader.u16();
      out.quantity = reader.u16();
      break;
    case 43: out.subfunction = reader.u8(); break;
    default: break;
  }
}

}  // namespace

const ModbusFunction* find_modbus_function(std::uint8_t code) noexcept {
  const auto found = std::ranges::find(functions, code, &ModbusFunction::code);
  return found == functions.end() ? nullptr : &*found;
}

std::uint8_t ModbusMessage::access() const noexcept {
  const auto* known = find_modbus_function(code());
  return known == nullptr ? 0 : known->access;
}

ModbusCategory modbus_category(std::uint8_t function, std::optional<std::uint16_t> subfunction) noexcept {
  switch (function) {
    case 9:
    case 10:
    case 13:
    case 14:
    case 18:
    case 19:
    case 41:
    case 42:
    case 90:
    case 91:
    case 125:
    case 126:
    case 127: return ModbusCategory::reserved;
    case 8:
      if (!subfunction || *subfunction <= 4 || (*subfunction >= 10 && *subfunction <= 18) || *subfunction == 20)
        return ModbusCategory::assigned;
      return ModbusCategory::reserved;
    case 43:
      return !subfunction || *subfunction == 13 || *subfunction == 14 ? ModbusCategory::assigned
                                                                      : ModbusCategory::reserved;
    default: break;
  }
  if ((function >= 65 && function <= 72) || (function >= 100 && function <= 110)) return ModbusCategory::user;
  return find_modbus_function(function) != nullptr ? ModbusCategory::assigned : ModbusCategory::unassigned;
}

std::string_view modbus_category_name(ModbusCategory category) noexcept {
  switch (category) {
    case ModbusCategory::assigned: return "PUBLIC_ASSIGNED";
    case ModbusCategory::unassigned: return "PUBLIC_UNASSIGNED";
    case ModbusCategory::user: return "USER_DEFINED";
    case ModbusCategory::reserved: return "RESERVED";
  }
  return {};
}

std::string modbus_access_text(std::uint8_t access) {
  static constexpr std::array<std::string_view, 8> names{"READ",  "WRITE",   "DISCRETES", "COILS",
                                                         "INPUT", "HOLDING", "SINGLE",    "MULTIPLE"};
  std::string out;
  for (std::size_t i = 0; i < names.size(); ++i)
    if ((access & (1U << i)) != 0) out += (out.empty() ? "" : " | ") + std::string(names[i]);
  return out;
}

ModbusMessage parse_modbus(Bytes bytes, bool request) {
  ByteReader reader(bytes);
  ModbusMessage out;
  out.transaction = reader.u16();
  out.protocol = reader.u16();
  out.length = reader.u16();
  out.unit = reader.u8();
  out.function = reader.u8();
  if (!request && (out.function & 0x80U) != 0) out.exception = reader.u8();
  else if (request) read_request(reader, out);
  else if (out.code() == 8) out.subfunction = reader.u16();
  else if (out.code() == 43) out.subfunction = reader.u8();
  out.short_data = out.short_data || !reader.ok();
  if (!reader.ok()) out.values.clear();
  return out;
}

}  // namespace tocsin::collectors
