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
  return message && !message->faults.any_malformed() ? Probe::yes : Probe::no;
}

ParserState MdnsParser::consume(Direction direction, Bytes bytes, Time, ParserOutput& output) {
  auto message = parse_dns(bytes);
  if (!message) {
    output.event(PacketEvent::mdns_malformed_data);
    return ParserState::more;
  }
  const auto faults = message->faults;
  const auto flags = message->flags;
  const auto opcode = message->opcode();
  auto transaction = std::make_unique<MdnsTransaction>(std::move(*message), direction);
  transaction->number = transactions_++;
  const auto raise_if = [&](bool seen, PacketEvent event) {
    if (seen) transaction->events.set(static_cast<std::size_t>(event));
  };
  raise_if(faults.malformed, PacketEvent::mdns_malformed_data);
  raise_if(faults.authorities, PacketEvent::mdns_invalid_authorities);
  raise_if(faults.additionals, PacketEvent::mdns_invalid_additionals);
  raise_if(faults.name_too_long, PacketEvent::mdns_name_too_long);
  raise_if(faults.infinite_loop, PacketEvent::mdns_infinite_loop);
  raise_if(faults.too_many_labels, PacketEvent::mdns_too_many_labels);
  raise_if((flags & 0x0040U) != 0, PacketEvent::mdns_z_flag_set);
  raise_if(opcode > 6, PacketEvent::mdns_invalid_opcode);
  output.progressed(*transaction, direction);
  output.finished(std::move(transaction));
  return ParserState::more;
}

}  // namespace tocsin::collectors
