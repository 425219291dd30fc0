#pragma once
// FTP (RFC 959, RFC 2428): commands and answers, and what they say of the data channel, which is announced so that its
// flow gets its protocol and its file a name. AUTH TLS (RFC 4217): what follows is another conversation.

#include <array>
#include <deque>
#include <memory>
#include <vector>

#include "collectors/packet/protocol/ftp/transaction.h"
#include "collectors/packet/protocol/line_reader.h"
#include "collectors/packet/protocol/parser.h"

namespace tocsin::collectors {

inline constexpr std::array<std::uint16_t, 1> ftp_ports{21};
Probe probe_ftp(const ProbeInput& input);
std::unique_ptr<ProtocolFactory> make_ftp_factory(const PacketOptions& options, FieldNames& names);

// Data channels look like anything: they are known only because they were announced.
Probe probe_ftp_data(const ProbeInput& input);
std::unique_ptr<ProtocolFactory> make_ftp_data_factory(const PacketOptions& options, FieldNames& names);

class FtpParser final : public ProtocolParser {
 public:
  FtpParser(const FtpOptions& options, const FtpFields& fields, const Flow& flow)
      : options_(options), fields_(fields), client_(flow.client.address), server_(flow.server.address) {}

  ParserState consume(Direction direction, Bytes bytes, Time time, ParserOutput& output) override;
  ParserState gap(Direction direction, std::uint64_t count, Time time, ParserOutput& output) override;
  Bytes leftover(Direction direction) const override { return leftover_[index(direction)]; }
  void finish(ParserOutput& output) override;

 private:
  void command(std::string_view line, bool whole, ParserOutput& output);
  void data_channel(FtpTransaction& transaction, ParserOutput& output);
  void reply(std::string_view line, bool whole, ParserOutput& output);
  void answered(FtpTransaction& transaction, std::string_view code, std::string_view line, ParserOutput& output);
  FtpTransaction* begin(ParserOutput& output);
  void finish_front(ParserOutput& output);

  const FtpOptions& options_;
  const FtpFields& fields_;
  const IpAddress client_;
  const IpAddress server_;
  std::array<LineReader, 2> lines_;
  std::array<std::vector<std::uint8_t>, 2> leftover_;
  std::deque<std::unique_ptr<FtpTransaction>> open_;
  std::string multi_line_;  // the code of an answer whose last line has not come
  FtpMode mode_ = FtpMode::none;
  std::uint16_t port_ = 0;  // of the data channel that comes next
  bool tls_ = false;
  std::uint64_t transactions_ = 0;
};

class FtpDataParser final : public ProtocolParser {
 public:
  FtpDataParser(const FtpOptions& options, const FtpFields& fields, const FtpAgreement* agreement);

  ParserState consume(Direction direction, Bytes bytes, Time time, ParserOutput& output) override;
  ParserState gap(Direction direction, std::uint64_t count, Time time, ParserOutput& output) override;
  void end(Direction direction, Time time, ParserOutput& output) override;
  void finish(ParserOutput& output) override;

 private:
  void close(bool whole, ParserOutput& output);

  const FtpOptions& options_;
  std::unique_ptr<FtpDataTransaction> transaction_;
  std::optional<Direction> sender_;  // in which the file goes
  std::uint64_t size_ = 0;
  std::uint64_t lost_ = 0;
};

}  // namespace tocsin::collectors
