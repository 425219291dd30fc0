#pragma once
// Multicast DNS: one message per datagram.

#include <array>
#include <memory>

#include "collectors/packet/protocol/mdns/transaction.h"
#include "collectors/packet/protocol/parser.h"

namespace tocsin::collectors {

inline constexpr std::array<std::uint16_t, 1> mdns_ports{5353};
Probe probe_mdns(const ProbeInput& input);
std::unique_ptr<ProtocolFactory> make_mdns_factory(const PacketOptions& options, FieldNames& names);

class MdnsParser final : public ProtocolParser {
 public:
  ParserState consume(Direction direction, Bytes bytes, Time time, ParserOutput& output) override;

 private:
  std::uint64_t transactions_ = 0;
};

}  // namespace tocsin::collectors
