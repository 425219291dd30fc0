#pragma once
// DNP3 (IEEE 1815-2012) over TCP: link frames, transport segments put together, application messages.

#include <array>
#include <memory>
#include <vector>

#include "collectors/packet/protocol/dnp3/transaction.h"
#include "collectors/packet/protocol/parser.h"

namespace tocsin::collectors {

inline constexpr std::array<std::uint16_t, 1> dnp3_ports{20'000};
Probe probe_dnp3(const ProbeInput& input);
std::unique_ptr<ProtocolFactory> make_dnp3_factory(const PacketOptions& options, FieldNames& names);

class Dnp3Parser final : public ProtocolParser {
 public:
  Dnp3Parser(const Dnp3Options& options, const Dnp3Fields& fields) : options_(options), fields_(fields) {}

  ParserState consume(Direction direction, Bytes bytes, Time time, ParserOutput& output) override;
  // Frames begin with a mark: the next one is looked for.
  ParserState gap(Direction direction, std::uint64_t count, Time time, ParserOutput& output) override;

 private:
  struct Side {
    std::vector<std::uint8_t> partial;
    std::vector<std::uint8_t> message;  // application data so far
    Dnp3Link link;
    bool going = false;
    std::uint8_t sequence = 0;
  };
  // Bytes used; 0: not whole yet.
  std::size_t frame(Direction direction, Bytes bytes, ParserOutput& output);
  void segment(Direction direction, const Dnp3Link& link, Bytes user_data, ParserOutput& output);
  void message(Direction direction, ParserOutput& output);

  const Dnp3Options& options_;
  const Dnp3Fields& fields_;
  std::array<Side, 2> side_;
  std::vector<std::uint8_t> user_data_;  // of the frame at hand, without checksums
  std::uint64_t transactions_ = 0;
};

// Over a header or a block, with its checksum behind it.
bool dnp3_checksum_fits(Bytes with_checksum) noexcept;

}  // namespace tocsin::collectors
