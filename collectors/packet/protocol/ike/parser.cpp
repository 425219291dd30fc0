#include "collectors/packet/protocol/ike/parser.h"

#include <algorithm>

#include "collectors/packet/protocol/factory.h"

namespace tocsin::collectors {

std::unique_ptr<ProtocolFactory> make_ike_factory(const PacketOptions&, FieldNames& names) {
  return factory_of<IkeParser>(IkeFields(names));
}

// The header says little: without its ports it is not IKE.
Probe probe_ike(const ProbeInput& input) {
  const auto customary = [](std::uint16_t port) { return std::ranges::find(ike_ports, port) != ike_ports.end(); };
  if (!customary(input.server_port) && !customary(input.client_port)) return Probe::no;
  return parse_ike(input.bytes) ? Probe::yes : Probe::no;
}

ParserState IkeParser::consume(Direction direction, Bytes bytes, Time, ParserOutput& output) {
  auto message = parse_ike(bytes);
  if (!message) return ParserState::more;  // ESP, or a sign of life
  auto transaction = std::make_unique<IkeTransaction>(fields_, std::move(*message), direction);
  transaction->number = transactions_++;
  output.progressed(*transaction, direction);
  output.finished(std::move(transaction));
  return ParserState::more;
}

}  // namespace tocsin::collectors
