#pragma once
// BitTorrent's distributed hash table over UDP: every datagram is a message.

#include <memory>

#include "collectors/packet/protocol/bittorrent/transaction.h"
#include "collectors/packet/protocol/parser.h"

namespace tocsin::collectors {

Probe probe_bittorrent(const ProbeInput& input);
std::unique_ptr<ProtocolFactory> make_bittorrent_factory(const PacketOptions& options, FieldNames& names);

class BittorrentParser final : public ProtocolParser {
 public:
  explicit BittorrentParser(const DhtFields& fields) : fields_(fields) {}

  ParserState consume(Direction direction, Bytes bytes, Time time, ParserOutput& output) override;

 private:
  const DhtFields& fields_;
  std::uint64_t transactions_ = 0;
};

}  // namespace tocsin::collectors
