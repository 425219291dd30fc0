#include "collectors/packet/protocol/tftp/parser.h"

namespace tocsin::collectors {

namespace {

class TftpFactory final : public ProtocolFactory {
 public:
  explicit TftpFactory(FieldNames& names) : fields_(names) {}
  std::unique_ptr<ProtocolParser> make(const Flow&) override { return std::make_unique<TftpParser>(fields_); }

 private:
  const TftpFields fields_;
};

}  // namespace

std::unique_ptr<ProtocolFactory> make_tftp_factory(const PacketOptions&, FieldNames& names) {
  return std::make_unique<TftpFactory>(names);
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
