#pragma once
// Modbus over TCP: messages of both directions, each response joined to its request by the transaction's number.

#include <array>
#include <deque>
#include <memory>
#include <vector>

#include "collectors/packet/protocol/modbus/transaction.h"
#include "collectors/packet/protocol/parser.h"

namespace tocsin::collectors {

inline constexpr std::array<std::uint16_t, 1> modbus_ports{502};
Probe probe_modbus(const ProbeInput& input);
std::unique_ptr<ProtocolFactory> make_modbus_factory(const PacketOptions& options, FieldNames& names);

class ModbusParser final : public ProtocolParser {
 public:
  ModbusParser(const ModbusOptions& options, const ModbusFields& fields) : options_(options), fields_(fields) {}

  ParserState consume(Direction direction, Bytes bytes, Time time, ParserOutput& output) override;
  void finish(ParserOutput& output) override;

 private:
  void message(Direction direction, Bytes bytes, ParserOutput& output);
  void request(ModbusMessage message, ParserOutput& output);
  void response(ModbusMessage message, ParserOutput& output);

  const ModbusOptions& options_;
  const ModbusFields& fields_;
  std::array<std::vector<std::uint8_t>, 2> partial_;
  std::deque<std::unique_ptr<ModbusTransaction>> open_;
  std::uint64_t transactions_ = 0;
};

}  // namespace tocsin::collectors
