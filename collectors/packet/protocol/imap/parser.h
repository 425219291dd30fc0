#pragma once
// IMAP (RFC 9051): recognised, and followed only as far as STARTTLS, behind which is another conversation. It makes no
// transactions.

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "collectors/packet/protocol/line_reader.h"
#include "collectors/packet/protocol/parser.h"

namespace tocsin::collectors {

inline constexpr std::array<std::uint16_t, 1> imap_ports{143};
Probe probe_imap(const ProbeInput& input);
std::unique_ptr<ProtocolFactory> make_imap_factory(const PacketOptions& options, FieldNames& names);

class ImapParser final : public ProtocolParser {
 public:
  ParserState consume(Direction direction, Bytes bytes, Time time, ParserOutput& output) override;
  ParserState gap(Direction direction, std::uint64_t count, Time time, ParserOutput& output) override;
  Bytes leftover(Direction direction) const override { return leftover_[index(direction)]; }

 private:
  std::array<LineReader, 2> lines_;
  std::array<std::vector<std::uint8_t>, 2> leftover_;
  std::string start_tls_;  // the tag of the command that asks for it
};

}  // namespace tocsin::collectors
