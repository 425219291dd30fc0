#pragma once
// DNS over UDP (one message per datagram) and over TCP (two bytes of length before each message, RFC 7766).

#include <array>
#include <memory>
#include <vector>

#include "collectors/packet/protocol/parser.h"

namespace tocsin::collectors {

inline constexpr std::array<std::uint16_t, 1> dns_ports{53};
Probe probe_dns(const ProbeInput& input);
std::unique_ptr<ProtocolFactory> make_dns_factory(const PacketOptions& options, FieldNames& names);

class DnsParser final : public ProtocolParser {
 public:
  DnsParser(const DnsOptions& options, bool stream) : options_(options), stream_(stream) {}

  ParserState consume(Direction direction, Bytes bytes, Time time, ParserOutput& output) override;
  ParserState gap(Direction direction, std::uint64_t count, Time time, ParserOutput& output) override;

 private:
  bool message(Direction direction, Bytes bytes, ParserOutput& output);

  const DnsOptions& options_;
  const bool stream_;
  std::uint64_t transactions_ = 0;
  std::array<bool, 2> lost_{};                        // where the next message begins is not known
  std::array<std::vector<std::uint8_t>, 2> partial_;  // TCP: the message that is not whole yet, with its length
};

}  // namespace tocsin::collectors
