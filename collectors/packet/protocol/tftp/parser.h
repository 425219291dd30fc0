#pragma once
// TFTP (RFC 1350): the requests to read or write a file. The data goes between other ports and is not followed.

#include <array>
#include <memory>

#include "collectors/packet/protocol/parser.h"
#include "collectors/packet/protocol/tftp/transaction.h"

namespace tocsin::collectors {

inline constexpr std::array<std::uint16_t, 1> tftp_ports{69};
Probe probe_tftp(const ProbeInput& input);
std::unique_ptr<ProtocolFactory> make_tftp_factory(const PacketOptions& options, FieldNames& names);

class TftpParser final : public ProtocolParser {
 public:
  explicit TftpParser(const TftpFields& fields) : fields_(fields) {}

  ParserState consume(Direction direction, Bytes bytes, Time time, ParserOutput& output) override;
  ParserState gap(Direction, std::uint64_t, Time, ParserOutput&) override { return ParserState::more; }

 private:
  const TftpFields& fields_;
  std::uint64_t transactions_ = 0;
};

}  // namespace tocsin::collectors
