#pragma once
// TLS records (RFC 5246, RFC 8446): follows the handshake of both directions until it is encrypted, then wants no more.

#include <array>
#include <memory>
#include <vector>

#include "collectors/packet/protocol/parser.h"
#include "collectors/packet/protocol/tls/transaction.h"

namespace tocsin::collectors {

inline constexpr std::array<std::uint16_t, 6> tls_ports{443, 465, 636, 853, 993, 995};
Probe probe_tls(const ProbeInput& input);
std::unique_ptr<ProtocolFactory> make_tls_factory(const PacketOptions& options, FieldNames& names);

class TlsParser final : public ProtocolParser {
 public:
  // `before`: what was spoken until the ends agreed on encryption, if anything.
  TlsParser(const TlsOptions& options, const TlsFields& fields, CertificateReader& certificates,
            Protocol before = Protocol::unknown)
      : options_(options), fields_(fields), certificates_(certificates), before_(before) {}

  ParserState consume(Direction direction, Bytes bytes, Time time, ParserOutput& output) override;
  ParserState gap(Direction direction, std::uint64_t count, Time time, ParserOutput& output) override;
  void finish(ParserOutput& output) override;

 private:
  struct Side {
    std::array<std::uint8_t, 5> header{};
    std::size_t header_size = 0;
    std::size_t left = 0;   // of the record's content
    bool old_form = false;  // the record is one of SSL 2: two bytes of header
    bool fresh = false;     // nothing of the record's content was seen
    bool begun = false;     // a whole header was seen
    bool encrypted = false;
    std::vector<std::uint8_t> handshake;  // messages, perhaps over several records
    std::size_t skip = 0;                 // of a message too long to keep
  };

  TlsTransaction& transaction();
  bool record_header(Direction direction, ParserOutput& output);
  bool handshake(Direction direction, Bytes bytes, ParserOutput& output);
  bool message(Direction direction, std::uint8_t type, Bytes body, ParserOutput& output);
  bool certificates(Direction direction, Bytes body);
  bool old_record(Direction direction, Bytes bytes, ParserOutput& output);
  std::size_t header_wanted(const Side& side) const noexcept;
  void encrypted(Direction direction, ParserOutput& output);
  void heartbeat(Direction direction, Bytes bytes, ParserOutput& output);

  const TlsOptions& options_;
  const TlsFields& fields_;
  CertificateReader& certificates_;
  const Protocol before_;
  Time now_{};  // of the packet at hand
  std::array<Side, 2> side_;
  std::optional<Direction> heartbeat_from_;  // its answer is due
  std::size_t heartbeat_size_ = 0;           // of its record
  std::unique_ptr<TlsTransaction> transaction_;
};

}  // namespace tocsin::collectors
