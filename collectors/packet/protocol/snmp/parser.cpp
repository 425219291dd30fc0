#include "collectors/packet/protocol/snmp/parser.h"

#include <algorithm>

#include "collectors/packet/protocol/factory.h"

namespace tocsin::collectors {

std::unique_ptr<ProtocolFactory> make_snmp_factory(const PacketOptions&, FieldNames& names) {
  return factory_of<SnmpParser>(SnmpFields(names));
}

// A message that is whole and well-formed is not there by chance.
Probe probe_snmp(const ProbeInput& input) {
  if (input.bytes.empty() || input.bytes[0] != 0x30) return Probe::no;
  const auto message = parse_snmp(input.bytes);
  if (!message) return Probe::no;
  static constexpr std::uint8_t response = 2, report = 8;
  const bool answer = message->kind == response || message->kind == report;
  const bool turned = answer && input.beginning_unseen && input.direction == Direction::to_server &&
                      std::ranges::find(snmp_ports, input.client_port) != snmp_ports.end();
  return turned ? Probe::reversed : Probe::yes;
}

ParserState SnmpParser::consume(Direction direction, Bytes bytes, Time, ParserOutput& output) {
  auto message = parse_snmp(bytes);
  if (!message) {
    output.event(PacketEvent::snmp_malformed_data);
    return ParserState::more;
  }
  if (message->encrypted && !message->user) output.event(PacketEvent::snmp_unknown_security_model);
  const bool changed = version_ != 0 && version_ != message->version;
  version_ = message->version;
  auto transaction = std::make_unique<SnmpTransaction>(fields_, std::move(*message), direction);
  if (changed) transaction->events.set(static_cast<std::size_t>(PacketEvent::snmp_version_mismatch));
  transaction->number = transactions_++;
  output.progressed(*transaction, direction);
  output.finished(std::move(transaction));
  return ParserState::more;
}

}  // namespace tocsin::collectors
