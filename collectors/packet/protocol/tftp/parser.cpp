#include "collectors/packet/protocol/tftp/parser.h"

#include "collectors/packet/protocol/factory.h"

namespace tocsin::collectors {

std::unique_ptr<ProtocolFactory> make_tftp_factory(const PacketOptions&, FieldNames& names) {
  return factory_of<TftpParser>(TftpFields(names));
}

Probe probe_tftp(const ProbeInput& input) {
  return input.direction == Direction::to_server && parse_tftp_request(input.bytes) ? Probe::yes : Probe::no;
}

ParserState TftpParser::consume(Direction direction, Bytes bytes, Time, ParserOutput& output) {
  auto request = parse_tftp_request(bytes);
  if (!request) return ParserState::more;
  auto transaction = std::make_unique<TftpTransaction>(fields_, std::move(*request));
  transaction->number = transactions_++;
  output.progressed(*transaction, direction);
  output.finished(std::move(transaction));
  return ParserState::more;
}

}  // namespace tocsin::collectors
