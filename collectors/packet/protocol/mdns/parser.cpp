#include "collectors/packet/protocol/mdns/parser.h"

#include "collectors/packet/protocol/factory.h"

namespace tocsin::collectors {
std::unique_ptr<ProtocolFactory> make_mdns_factory(const PacketOptions&, FieldNames&) {
  return factory_of<MdnsParser>();
}

Probe probe_mdns(const ProbeInput& input) {
  const bool customary = input.server_port == mdns_ports[0] || input.client_port == mdns_ports[0];
  // Announcements have answers only, which is why the usual look at the first question does not help.
  if (!customary || input.bytes.size() < 12 || (input.bytes[2] & 0x78U) != 0) return Probe::no;
  const auto message = parse_dns(input.bytes);
  return message && !message->faults.malformed ? Probe::yes : Probe::no;
}

ParserState MdnsParser::consume(Direction direction, Bytes bytes, Time, ParserOutput& output) {
  auto message = parse_dns(bytes);
  if (!message) {
    output.event(PacketEvent::mdns_malformed_data);
    return ParserState::more;
  }
  const bool malformed = message->faults.malformed;
  auto transaction = std::make_unique<MdnsTransaction>(std::move(*message), direction);
  transaction->number = transactions_++;
  if (malformed) transaction->events.set(static_cast<std::size_t>(PacketEvent::mdns_malformed_data));
  output.progressed(*transaction, direction);
  output.finished(std::move(transaction));
  return ParserState::more;
}

}  // namespace tocsin::collectors
