#include "collectors/packet/protocol/bittorrent/parser.h"

#include "collectors/packet/protocol/factory.h"

namespace tocsin::collectors {

std::unique_ptr<ProtocolFactory> make_bittorrent_factory(const PacketOptions&, FieldNames& names) {
  return factory_of<BittorrentParser>(DhtFields(names));
}

// Requests and answers begin with a dictionary that has the sender's id first; anything else must be a whole message.
Probe probe_bittorrent(const ProbeInput& input) {
  const auto text = as_text(input.bytes);
  if (text.starts_with("d1:ad2:id20:") || text.starts_with("d1:rd2:id20:")) return Probe::yes;
  return resembles_dht(input.bytes) && parse_dht(input.bytes) ? Probe::yes : Probe::no;
}

// Other protocols of the same programs share the port; they are passed over.
ParserState BittorrentParser::consume(Direction direction, Bytes bytes, Time, ParserOutput& output) {
  if (!resembles_dht(bytes)) return ParserState::more;
  auto message = parse_dht(bytes);
  if (!message) {
    output.event(PacketEvent::bittorrent_malformed_packet);
    return ParserState::more;
  }
  auto transaction = std::make_unique<DhtTransaction>(fields_, std::move(*message), direction);
  transaction->number = transactions_++;
  output.progressed(*transaction, direction);
  output.finished(std::move(transaction));
  return ParserState::more;
}

}  // namespace tocsin::collectors
