#pragma once
// SIP over UDP and TCP.

#include <array>
#include <memory>
#include <vector>

#include "collectors/packet/protocol/parser.h"
#include "collectors/packet/protocol/sip/transaction.h"

namespace tocsin::collectors {

inline constexpr std::array<std::uint16_t, 2> sip_ports{5060, 5061};
Probe probe_sip(const ProbeInput& input);
std::unique_ptr<ProtocolFactory> make_sip_factory(const PacketOptions& options, FieldNames& names);

class SipParser final : public ProtocolParser {
 public:
  SipParser(const SipOptions& options, const SipFields& fields, bool stream)
      : options_(options), fields_(fields), stream_(stream) {}

  ParserState consume(Direction direction, Bytes bytes, Time time, ParserOutput& output) override;
  ParserState gap(Direction direction, std::uint64_t count, Time time, ParserOutput& output) override;

 private:
  struct Side {
    std::vector<std::uint8_t> partial;  // of a head, or of a head and its body
    std::size_t scanned = 0;            // of it, without an empty line
    std::size_t skip = 0;               // of a body too long to be kept
    bool lost = false;
  };
  bool datagram(Direction direction, Bytes bytes, ParserOutput& output);
  // Takes whole messages off the front; false: this is not SIP any more.
  bool messages(Direction direction, ParserOutput& output);
  void tell(Direction direction, SipMessage message, Bytes body, ParserOutput& output);

  const SipOptions& options_;
  const SipFields& fields_;
  const bool stream_;
  std::array<Side, 2> side_;
  std::uint64_t transactions_ = 0;
};

}  // namespace tocsin::collectors
