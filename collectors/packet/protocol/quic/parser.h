#pragma once
// The readable beginning of QUIC: Initial packets of both sides, their hellos put together. What follows is encrypted.

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "collectors/packet/protocol/parser.h"
#include "collectors/packet/protocol/quic/transaction.h"

namespace tocsin::collectors {

inline constexpr std::array<std::uint16_t, 2> quic_ports{443, 80};
Probe probe_quic(const ProbeInput& input);
std::unique_ptr<ProtocolFactory> make_quic_factory(const PacketOptions& options, FieldNames& names);

// A handshake whose pieces come in any order. Bounded.
class QuicStream {
 public:
  // False: too long.
  bool add(const QuicCrypto& piece, std::size_t most);
  // From the beginning, as far as it is whole.
  Bytes whole() const noexcept { return data_; }
  bool waiting() const noexcept { return !early_.empty(); }
  void clear();

 private:
  std::vector<std::uint8_t> data_;
  std::map<std::uint64_t, std::vector<std::uint8_t>> early_;
  std::size_t early_size_ = 0;
};

class QuicParser final : public ProtocolParser {
 public:
  QuicParser(const QuicOptions& options, const QuicFields& fields) : options_(options), fields_(fields) {}

  ParserState consume(Direction direction, Bytes bytes, Time time, ParserOutput& output) override;

 private:
  enum class Step : std::uint8_t { next, stop };
  Step packet(Direction direction, Bytes bytes, const QuicHeader& header, ParserOutput& output);
  Step initial(Direction direction, Bytes bytes, const QuicHeader& header, ParserOutput& output);
  // The hello, when it is whole now; wrong is said of the transaction.
  bool hello(Direction direction, QuicTransaction& transaction);
  void emit(std::unique_ptr<QuicTransaction> transaction, Direction direction, ParserOutput& output);
  std::unique_ptr<QuicTransaction> make(Direction direction, std::uint32_t version);

  const QuicOptions& options_;
  const QuicFields& fields_;
  std::optional<QuicKeys> keys_;
  std::array<QuicStream, 2> stream_;
  std::array<bool, 2> greeted_{};
  bool retried_ = false;
  std::uint64_t transactions_ = 0;
};

}  // namespace tocsin::collectors
