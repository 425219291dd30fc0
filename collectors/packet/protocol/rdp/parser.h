#pragma once
// RDP: TPKTs (RFC 1006) up to the client's settings; where the ends agree on TLS, the certificates of its handshake.

#include <array>
#include <memory>
#include <vector>

#include "collectors/packet/protocol/parser.h"
#include "collectors/packet/protocol/rdp/transaction.h"

namespace tocsin::collectors {

inline constexpr std::array<std::uint16_t, 1> rdp_ports{3389};
Probe probe_rdp(const ProbeInput& input);
std::unique_ptr<ProtocolFactory> make_rdp_factory(const PacketOptions& options, FieldNames& names);

class RdpParser final : public ProtocolParser {
 public:
  explicit RdpParser(const RdpFields& fields) : fields_(fields) {}

  ParserState consume(Direction direction, Bytes bytes, Time time, ParserOutput& output) override;

 private:
  void report(RdpMessage message, Direction direction, ParserOutput& output);
  bool packets(Direction direction, ParserOutput& output);
  void records(Direction direction, ParserOutput& output);
  bool handshake(Direction direction, ParserOutput& output);

  const RdpFields& fields_;
  std::array<std::vector<std::uint8_t>, 2> kept_;
  std::vector<std::uint8_t> handshake_;  // of the server, out of its records
  std::uint64_t transactions_ = 0;
  bool encrypted_ = false;  // TLS was agreed on
  bool over_ = false;       // all that can be read was
};

}  // namespace tocsin::collectors
