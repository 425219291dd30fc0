#pragma once
// DCE/RPC over TCP (version 5) and UDP (version 4). After a loss it waits for bytes that begin a unit.

#include <array>
#include <memory>
#include <vector>

#include "collectors/packet/protocol/dcerpc/transaction.h"
#include "collectors/packet/protocol/parser.h"

namespace tocsin::collectors {

inline constexpr std::array<std::uint16_t, 2> dcerpc_ports{135, 593};
Probe probe_dcerpc(const ProbeInput& input);
std::unique_ptr<ProtocolFactory> make_dcerpc_factory(const PacketOptions& options, FieldNames& names);

class DcerpcParser final : public ProtocolParser {
 public:
  DcerpcParser(const DcerpcOptions& options, const DcerpcFields& fields, bool stream)
      : options_(options), fields_(fields), stream_(stream) {}

  ParserState consume(Direction direction, Bytes bytes, Time time, ParserOutput& output) override;
  ParserState gap(Direction direction, std::uint64_t count, Time time, ParserOutput& output) override;
  void finish(ParserOutput& output) override;

 private:
  void unit(Direction direction, const DcerpcHeader& header, Bytes body, ParserOutput& output);
  void request(const DcerpcHeader& header, Bytes body, ParserOutput& output);
  void response(const DcerpcHeader& header, Bytes body, ParserOutput& output);
  bool datagram(Direction direction, Bytes bytes, ParserOutput& output);
  DcerpcTransaction& open(ParserOutput& output);
  void close(std::size_t at, ParserOutput& output);

  const DcerpcOptions& options_;
  const DcerpcFields& fields_;
  const bool stream_;
  std::array<std::vector<std::uint8_t>, 2> partial_;
  std::array<bool, 2> lost_{};
  std::shared_ptr<DcerpcBinding> binding_;
  std::vector<std::unique_ptr<DcerpcTransaction>> open_;
  std::uint64_t transactions_ = 0;
};

}  // namespace tocsin::collectors
