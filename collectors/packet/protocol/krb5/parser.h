#pragma once
// Kerberos: over UDP every datagram is a message, over TCP each has its length before it (RFC 4120, section 7.2).

#include <array>
#include <memory>
#include <vector>

#include "collectors/packet/protocol/krb5/transaction.h"
#include "collectors/packet/protocol/parser.h"

namespace tocsin::collectors {

inline constexpr std::array<std::uint16_t, 1> krb5_ports{88};
Probe probe_krb5(const ProbeInput& input);
std::unique_ptr<ProtocolFactory> make_krb5_factory(const PacketOptions& options, FieldNames& names);

class KerberosParser final : public ProtocolParser {
 public:
  KerberosParser(const KerberosOptions& options, const KerberosFields& fields, bool stream)
      : options_(options), fields_(fields), stream_(stream) {}

  ParserState consume(Direction direction, Bytes bytes, Time time, ParserOutput& output) override;

 private:
  bool message(Direction direction, Bytes bytes, ParserOutput& output);

  const KerberosOptions& options_;
  const KerberosFields& fields_;
  const bool stream_;
  std::array<std::vector<std::uint8_t>, 2> kept_;  // an unfinished message
  std::uint64_t transactions_ = 0;
  std::uint8_t asked_ = 0;  // type of the last request
};

}  // namespace tocsin::collectors
