#pragma once
// LDAP over TCP and UDP. After STARTTLS the detection begins anew.

#include <array>
#include <memory>
#include <vector>

#include "collectors/packet/protocol/ldap/transaction.h"
#include "collectors/packet/protocol/parser.h"

namespace tocsin::collectors {

inline constexpr std::array<std::uint16_t, 2> ldap_ports{389, 3268};
Probe probe_ldap(const ProbeInput& input);
std::unique_ptr<ProtocolFactory> make_ldap_factory(const PacketOptions& options, FieldNames& names);

class LdapParser final : public ProtocolParser {
 public:
  LdapParser(const LdapOptions& options, const LdapFields& fields) : options_(options), fields_(fields) {}

  ParserState consume(Direction direction, Bytes bytes, Time time, ParserOutput& output) override;
  void end(Direction direction, Time time, ParserOutput& output) override;
  Bytes leftover(Direction direction) const override { return kept_[index(direction)]; }
  void finish(ParserOutput& output) override;

 private:
  using Held = std::unique_ptr<LdapTransaction>;

  void request(LdapMessage message, ParserOutput& output);
  void response(LdapMessage message, ParserOutput& output);
  void close(std::size_t at, ParserOutput& output);
  Held begin();

  const LdapOptions& options_;
  const LdapFields& fields_;
  std::array<std::vector<std::uint8_t>, 2> kept_;  // an unfinished message
  std::vector<Held> open_;
  std::uint64_t transactions_ = 0;
  bool encryption_ = false;  // was agreed on
};

}  // namespace tocsin::collectors
