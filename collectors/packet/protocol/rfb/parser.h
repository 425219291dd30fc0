#pragma once
// RFB, the protocol of VNC (RFC 6143), versions 3.3, 3.7 and 3.8: followed until pictures are exchanged.

#include <array>
#include <memory>
#include <vector>

#include "collectors/packet/protocol/parser.h"
#include "collectors/packet/protocol/rfb/transaction.h"

namespace tocsin::collectors {

inline constexpr std::array<std::uint16_t, 1> rfb_ports{5900};
Probe probe_rfb(const ProbeInput& input);
std::unique_ptr<ProtocolFactory> make_rfb_factory(const PacketOptions& options, FieldNames& names);

class RfbParser final : public ProtocolParser {
 public:
  RfbParser(const RfbOptions& options, const RfbFields& fields)
      : options_(options), transaction_(std::make_unique<RfbTransaction>(fields)) {}

  ParserState consume(Direction direction, Bytes bytes, Time time, ParserOutput& output) override;
  void finish(ParserOutput& output) override;

 private:
  // What comes next, and whose turn it is.
  enum class Step : std::uint8_t {
    server_version,
    client_version,
    security_offer,    // server: a list, or with 3.3 the decision
    security_choice,   // client
    challenge,         // server
    challenge_answer,  // client
    outcome,           // server
    failure,           // server: why not
    client_start,
    server_start,
    over
  };
  enum class Taken : std::uint8_t { more, good, bad };

  static Direction sender(Step step) noexcept;
  Taken take(ByteReader& reader);
  Taken take_version(ByteReader& reader);
  Taken take_offer(ByteReader& reader);
  Taken take_outcome(ByteReader& reader);
  Taken take_failure(ByteReader& reader);
  Taken take_screen(ByteReader& reader);
  void choose(std::uint32_t type);
  void stop(PacketEvent event);

  const RfbOptions& options_;
  std::unique_ptr<RfbTransaction> transaction_;
  std::array<std::vector<std::uint8_t>, 2> kept_;
  Step step_ = Step::server_version;
};

}  // namespace tocsin::collectors
