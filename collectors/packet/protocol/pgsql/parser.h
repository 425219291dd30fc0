#pragma once
// PostgreSQL over TCP: messages of both directions, each request joined to its answer. TLS takes over where the server
// accepts it.

#include <array>
#include <deque>
#include <memory>
#include <vector>

#include "collectors/packet/protocol/parser.h"
#include "collectors/packet/protocol/pgsql/transaction.h"

namespace tocsin::collectors {

inline constexpr std::array<std::uint16_t, 1> pgsql_ports{5432};
Probe probe_pgsql(const ProbeInput& input);
std::unique_ptr<ProtocolFactory> make_pgsql_factory(const PacketOptions& options, FieldNames& names);

class PgsqlParser final : public ProtocolParser {
 public:
  PgsqlParser(const PgsqlOptions& options, const PgsqlFields& fields) : options_(options), fields_(fields) {}

  ParserState consume(Direction direction, Bytes bytes, Time time, ParserOutput& output) override;
  Bytes leftover(Direction direction) const override { return side_[index(direction)].partial; }
  void finish(ParserOutput& output) override;

 private:
  struct Side {
    std::vector<std::uint8_t> partial;
    std::uint64_t skip = 0;  // of a message too long to be looked at
  };
  struct Frame {
    std::size_t header = 0;  // bytes before the body
    std::uint64_t size = 0;  // of all; 0: not known yet
  };
  // The next message's frame; nothing: this is not the protocol.
  std::optional<Frame> frame(Direction direction, Bytes bytes) const;
  // False: cannot be followed.
  bool message(Direction direction, Bytes bytes, const Frame& frame, ParserOutput& output);
  bool client(Bytes bytes, const Frame& frame, ParserOutput& output);
  bool server(Bytes bytes, const Frame& frame, ParserOutput& output);
  void copy(PgsqlRequest request, ParserOutput& output);
  PgsqlTransaction& open(std::optional<PgsqlRequest> request, ParserOutput& output);
  bool wants_ssl_answer() const noexcept;

  const PgsqlOptions& options_;
  const PgsqlFields& fields_;
  std::array<Side, 2> side_;
  std::deque<std::unique_ptr<PgsqlTransaction>> open_;
  std::uint64_t transactions_ = 0;
  PgsqlSasl sasl_ = PgsqlSasl::none;
  bool started_ = false;    // by a startup message, or seen in the middle
  bool encrypted_ = false;  // the server accepted
};

}  // namespace tocsin::collectors
