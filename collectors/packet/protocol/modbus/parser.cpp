#include "collectors/packet/protocol/modbus/parser.h"

#include <algorithm>
#include <utility>

#include "collectors/packet/protocol/exchange.h"
#include "collectors/packet/protocol/factory.h"

namespace tocsin::collectors {
namespace {

constexpr std::size_t length_most = 254;

void mark(ModbusTransaction& transaction, PacketEvent event) {
  transaction.events.set(static_cast<std::size_t>(event));
}

// What is wrong with a message by itself.
void mark_faults(ModbusTransaction& transaction, const ModbusMessage& message) {
  if (message.protocol != 0) mark(transaction, PacketEvent::modbus_invalid_protocol_id);
  if (message.short_data) mark(transaction, PacketEvent::modbus_invalid_length);
  if (message.bad_value) mark(transaction, PacketEvent::modbus_invalid_value);
  if (message.code() == 0) mark(transaction, PacketEvent::modbus_invalid_function_code);
  if (message.unit > 247 && message.unit != 255) mark(transaction, PacketEvent::modbus_invalid_unit_identifier);
  if (message.exception && (*message.exception == 0 || *message.exception > 11))
    mark(transaction, PacketEvent::modbus_invalid_exception_code);
}

}  // namespace

std::unique_ptr<ProtocolFactory> make_modbus_factory(const PacketOptions& options, FieldNames& names) {
  return factory_of<ModbusParser>(std::cref(options.modbus), ModbusFields(names));
}

// There is no mark: the port, the protocol's number and a length that fits.
Probe probe_modbus(const ProbeInput& input) {
  const auto customary = input.server_port == modbus_ports[0];
  if (!customary) return Probe::no;
  if (input.bytes.size() < ModbusMessage::header_size) return Probe::more;
  ByteReader reader(input.bytes);
  reader.skip(2);
  const std::uint16_t protocol = reader.u16();
  const std::uint16_t length = reader.u16();
  return protocol == 0 && length >= 2 && length <= length_most ? Probe::yes : Probe::no;
}

ParserState ModbusParser::consume(Direction direction, Bytes bytes, Time, ParserOutput& output) {
  auto& partial = partial_[index(direction)];
  std::vector<std::uint8_t> joined;
  if (!partial.empty()) {  // less than one message: 260 bytes
    joined = std::exchange(partial, {});
    joined.insert(joined.end(), bytes.begin(), bytes.end());
    bytes = joined;
  }
  while (!bytes.empty()) {
    if (bytes.size() >= 6) {
      const std::size_t length = static_cast<std::size_t>((bytes[4] << 8) | bytes[5]);
      if (length < 2 || length > length_most) {
        output.event(PacketEvent::modbus_invalid_length);
        return ParserState::failed;
      }
      if (bytes.size() >= 6 + length) {
        message(direction, bytes.first(6 + length), output);
        bytes = bytes.subspan(6 + length);
        continue;
      }
    }
    partial.assign(bytes.begin(), bytes.end());
    break;
  }
  return ParserState::more;
}

void ModbusParser::message(Direction direction, Bytes bytes, ParserOutput& output) {
  auto parsed = parse_modbus(bytes, direction == Direction::to_server);
  if (direction == Direction::to_server) request(std::move(parsed), output);
  else response(std::move(parsed), output);
}

void ModbusParser::request(ModbusMessage message, ParserOutput& output) {
  if (open_.size() >= options_.transactions_most) {
    mark(*open_.front(), PacketEvent::modbus_flooded);
    close_exchange(open_, 0, output);
  }
  auto& fresh = *open_.emplace_back(std::make_unique<ModbusTransaction>(fields_));
  fresh.number = transactions_++;
  mark_faults(fresh, message);
  fresh.request = std::move(message);
  output.progressed(fresh, Direction::to_server);
}

void ModbusParser::response(ModbusMessage message, ParserOutput& output) {
  const auto found = std::ranges::find_if(
      open_, [&](const auto& each) { return each->request && each->request->transaction == message.transaction; });
  if (found == open_.end()) {
    auto& fresh = *open_.emplace_back(std::make_unique<ModbusTransaction>(fields_));
    fresh.number = transactions_++;
    mark(fresh, PacketEvent::modbus_unsolicited_response);
    mark_faults(fresh, message);
    fresh.response = std::move(message);
    return close_exchange(open_, open_.size() - 1, output);
  }
  auto& transaction = **found;
  if (transaction.request->code() != message.code() || transaction.request->unit != message.unit)
    mark(transaction, PacketEvent::modbus_value_mismatch);
  mark_faults(transaction, message);
  transaction.response = std::move(message);
  close_exchange(open_, static_cast<std::size_t>(found - open_.begin()), output);
}

void ModbusParser::finish(ParserOutput& output) { close_exchanges(open_, output); }

}  // namespace tocsin::collectors
