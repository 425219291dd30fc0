#pragma once
// IKE over UDP: every datagram is a message; on port 4500 ESP comes between them.

#include <array>
#include <memory>

#include "collectors/packet/protocol/ike/transaction.h"
#include "collectors/packet/protocol/parser.h"

namespace tocsin::collectors {

inline constexpr std::array<std::uint16_t, 2> ike_ports{500, 4500};
Probe probe_ike(const ProbeInput& input);
std::unique_ptr<ProtocolFactory> make_ike_factory(const PacketOptions& options, FieldNames& names);

class IkeParser final : public ProtocolParser {
 public:
  explicit IkeParser(const IkeFields& fields) : fields_(fields) {}

  ParserState consume(Direction direction, Bytes bytes, Time time, ParserOutput& output) override;

 private:
  const IkeFields& fields_;
  std::uint64_t transactions_ = 0;
};

}  // namespace tocsin::collectors
