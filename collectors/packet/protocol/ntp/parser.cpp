#include "collectors/packet/protocol/ntp/parser.h"

#include "collectors/packet/protocol/factory.h"

namespace tocsin::collectors {

std::unique_ptr<ProtocolFactory> make_ntp_factory(const PacketOptions&, FieldNames& names) {
  return factory_of<NtpParser>(NtpFields(names));
}

Probe probe_ntp(const ProbeInput& input) {
  if (input.server_port != ntp_ports[0] && input.client_port != ntp_ports[0]) return Probe::no;
  return parse_ntp_message(input.bytes) ? Probe::yes : Probe::no;
}

ParserState NtpParser::consume(Direction direction, Bytes bytes, Time, ParserOutput& output) {
  const auto message = parse_ntp_message(bytes);
  auto transaction = std::make_unique<NtpTransaction>(fields_, message.value_or(NtpMessage{}));
  if (!message) transaction->events.set(static_cast<std::size_t>(PacketEvent::ntp_malformed_data));
  transaction->number = transactions_++;
  output.progressed(*transaction, direction);
  output.finished(std::move(transaction));
  return ParserState::more;
}

}  // namespace tocsin::collectors
