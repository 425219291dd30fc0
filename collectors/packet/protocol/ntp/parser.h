#pragma once
// NTP (RFC 5905), versions 3 and 4: each datagram is a message. Version 1 and 2 and private messages are not followed.

#include <array>
#include <memory>

#include "collectors/packet/protocol/ntp/transaction.h"
#include "collectors/packet/protocol/parser.h"

namespace tocsin::collectors {

inline constexpr std::array<std::uint16_t, 1> ntp_ports{123};
// Only on its own port: a message has little that tells it from others.
Probe probe_ntp(const ProbeInput& input);
std::unique_ptr<ProtocolFactory> make_ntp_factory(const PacketOptions& options, FieldNames& names);

class NtpParser final : public ProtocolParser {
 public:
  explicit NtpParser(const NtpFields& fields) : fields_(fields) {}

  ParserState consume(Direction direction, Bytes bytes, Time time, ParserOutput& output) override;
  ParserState gap(Direction, std::uint64_t, Time, ParserOutput&) override { return ParserState::more; }

 private:
  const NtpFields& fields_;
  std::uint64_t transactions_ = 0;
};

}  // namespace tocsin::collectors
