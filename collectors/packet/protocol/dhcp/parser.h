#pragma once
// DHCP over UDP: every datagram is a message.

#include <array>
#include <memory>

#include "collectors/packet/protocol/dhcp/transaction.h"
#include "collectors/packet/protocol/parser.h"

namespace tocsin::collectors {

inline constexpr std::array<std::uint16_t, 2> dhcp_ports{67, 68};
Probe probe_dhcp(const ProbeInput& input);
std::unique_ptr<ProtocolFactory> make_dhcp_factory(const PacketOptions& options, FieldNames& names);

class DhcpParser final : public ProtocolParser {
 public:
  explicit DhcpParser(const DhcpFields& fields) : fields_(fields) {}

  ParserState consume(Direction direction, Bytes bytes, Time time, ParserOutput& output) override;

 private:
  const DhcpFields& fields_;
  std::uint64_t transactions_ = 0;
};

}  // namespace tocsin::collectors
