#include "collectors/packet/protocol/dhcp/parser.h"

#include <algorithm>

#include "collectors/packet/protocol/factory.h"

namespace tocsin::collectors {

std::unique_ptr<ProtocolFactory> make_dhcp_factory(const PacketOptions&, FieldNames& names) {
  return factory_of<DhcpParser>(DhcpFields(names));
}

// The cookie and the fixed part are enough; without its ports it is not DHCP.
Probe probe_dhcp(const ProbeInput& input) {
  const auto customary = [](std::uint16_t port) { return std::ranges::find(dhcp_ports, port) != dhcp_ports.end(); };
  if (!customary(input.server_port) && !customary(input.client_port)) return Probe::no;
  return parse_dhcp(input.bytes) ? Probe::yes : Probe::no;
}

ParserState DhcpParser::consume(Direction direction, Bytes bytes, Time, ParserOutput& output) {
  auto message = parse_dhcp(bytes);
  if (!message) return ParserState::failed;
  auto transaction = std::make_unique<DhcpTransaction>(fields_, std::move(*message), direction);
  transaction->number = transactions_++;
  output.progressed(*transaction, direction);
  output.finished(std::move(transaction));
  return ParserState::more;
}

}  // namespace tocsin::collectors
