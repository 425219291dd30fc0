#pragma once
// EtherNet/IP over TCP and UDP: messages of both directions, each answer joined to its request.

#include <array>
#include <deque>
#include <memory>
#include <vector>

#include "collectors/packet/protocol/enip/transaction.h"
#include "collectors/packet/protocol/parser.h"

namespace tocsin::collectors {

inline constexpr std::array<std::uint16_t, 1> enip_ports{44'818};
Probe probe_enip(const ProbeInput& input);
std::unique_ptr<ProtocolFactory> make_enip_factory(const PacketOptions& options, FieldNames& names);

class EnipParser final : public ProtocolParser {
 public:
  EnipParser(const EnipOptions& options, const EnipFields& fields) : options_(options), fields_(fields) {}

  ParserState consume(Direction direction, Bytes bytes, Time time, ParserOutput& output) override;
  void finish(ParserOutput& output) override;

 private:
  void message(Direction direction, Bytes bytes, ParserOutput& output);
  EnipTransaction& open(ParserOutput& output);

  const EnipOptions& options_;
  const EnipFields& fields_;
  std::array<std::vector<std::uint8_t>, 2> partial_;
  std::deque<std::unique_ptr<EnipTransaction>> open_;
  std::uint64_t transactions_ = 0;
};

}  // namespace tocsin::collectors
