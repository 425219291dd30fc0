#pragma once
// SSH (RFC 4253): the version line of each side, then its packets as long as they are in the clear. Both sides are
// independent of each other, so one-sided traffic is followed too. Keeps at most one version line and one KEXINIT a
// side.

#include <array>
#include <memory>
#include <vector>

#include "collectors/packet/packet_event.h"
#include "collectors/packet/protocol/parser.h"
#include "collectors/packet/protocol/ssh/transaction.h"

namespace tocsin::collectors {

inline constexpr std::array<std::uint16_t, 1> ssh_ports{22};
Probe probe_ssh(const ProbeInput& input);
std::unique_ptr<ProtocolFactory> make_ssh_factory(const PacketOptions& options, FieldNames& names);

class SshParser final : public ProtocolParser {
 public:
  SshParser(const SshOptions& options, const SshFields& fields);

  ParserState consume(Direction direction, Bytes bytes, Time time, ParserOutput& output) override;
  ParserState gap(Direction direction, std::uint64_t count, Time time, ParserOutput& output) override;
  void finish(ParserOutput& output) override;

 private:
  enum class Step : std::uint8_t { banner, line_end, packets, unreadable };
  struct Side {
    Step step = Step::banner;
    std::vector<std::uint8_t> kept;  // of the version line, a packet's header, or KEXINIT
    std::size_t left = 0;            // of a packet that is passed over
    std::size_t wanted = 0;          // of the KEXINIT that is kept; 0: none
  };

  bool banner(Direction direction, Bytes& bytes, ParserOutput& output);
  bool set_banner(Direction direction, std::string_view line, ParserOutput& output);
  bool packets(Direction direction, Bytes bytes, ParserOutput& output);
  bool packet_begins(Direction direction, ParserOutput& output);
  void algorithms(Direction direction, ParserOutput& output);
  void raise(PacketEvent event) { transaction_->events.set(static_cast<std::size_t>(event)); }

  const SshOptions& options_;
  std::array<Side, 2> side_;
  std::unique_ptr<SshTransaction> transaction_;
};

}  // namespace tocsin::collectors
