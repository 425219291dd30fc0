#pragma once
// Telnet (RFC 854): recognised by the negotiation that it begins with. It makes no transactions.

#include <array>
#include <memory>

#include "collectors/packet/protocol/parser.h"

namespace tocsin::collectors {

inline constexpr std::array<std::uint16_t, 1> telnet_ports{23};
Probe probe_telnet(const ProbeInput& input);
std::unique_ptr<ProtocolFactory> make_telnet_factory(const PacketOptions& options, FieldNames& names);

class TelnetParser final : public ProtocolParser {
 public:
  ParserState consume(Direction, Bytes, Time, ParserOutput&) override { return ParserState::more; }
  ParserState gap(Direction, std::uint64_t, Time, ParserOutput&) override { return ParserState::more; }
};

}  // namespace tocsin::collectors
