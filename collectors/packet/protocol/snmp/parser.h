#pragma once
// SNMP over UDP: every datagram is a message.

#include <array>
#include <memory>

#include "collectors/packet/protocol/parser.h"
#include "collectors/packet/protocol/snmp/transaction.h"

namespace tocsin::collectors {

inline constexpr std::array<std::uint16_t, 2> snmp_ports{161, 162};
Probe probe_snmp(const ProbeInput& input);
std::unique_ptr<ProtocolFactory> make_snmp_factory(const PacketOptions& options, FieldNames& names);

class SnmpParser final : public ProtocolParser {
 public:
  explicit SnmpParser(const SnmpFields& fields) : fields_(fields) {}

  ParserState consume(Direction direction, Bytes bytes, Time time, ParserOutput& output) override;

 private:
  const SnmpFields& fields_;
  std::uint64_t transactions_ = 0;
  std::uint8_t version_ = 0;
};

}  // namespace tocsin::collectors
