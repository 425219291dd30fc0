#pragma once
// POP3 (RFC 1939, RFC 2449, RFC 5034): commands and answers in order; the mails that RETR brings are read for their
// files. STLS (RFC 2595): what follows is another conversation.

#include <array>
#include <deque>
#include <memory>
#include <vector>

#include "collectors/packet/protocol/line_reader.h"
#include "collectors/packet/protocol/parser.h"
#include "collectors/packet/protocol/pop3/transaction.h"

namespace tocsin::collectors {

inline constexpr std::array<std::uint16_t, 1> pop3_ports{110};
Probe probe_pop3(const ProbeInput& input);
std::unique_ptr<ProtocolFactory> make_pop3_factory(const PacketOptions& options, FieldNames& names);

class Pop3Parser final : public ProtocolParser, MailSink {
 public:
  Pop3Parser(const Pop3Options& options, const SmtpOptions& mail_options, const Pop3Fields& fields)
      : options_(options), mail_options_(mail_options), fields_(fields) {}

  ParserState consume(Direction direction, Bytes bytes, Time time, ParserOutput& output) override;
  ParserState gap(Direction direction, std::uint64_t count, Time time, ParserOutput& output) override;
  Bytes leftover(Direction direction) const override { return leftover_[index(direction)]; }
  void finish(ParserOutput& output) override;

 private:
  void command(std::string_view line);
  void answer(std::string_view line);
  void data(const LineReader::Line& line);
  Pop3Transaction& begin();
  void finish_front();

  // MailSink
  void mail_headers() override {}
  void mail_body() override {}
  void mail_file_begin(std::string_view name) override;
  void mail_file_data(Bytes bytes) override;
  void mail_file_end(bool whole) override;
  void mail_fault(PacketEvent) override {}

  const Pop3Options& options_;
  const SmtpOptions& mail_options_;
  const Pop3Fields& fields_;
  ParserOutput* output_ = nullptr;  // during a call
  std::array<LineReader, 2> lines_;
  std::array<std::vector<std::uint8_t>, 2> leftover_;
  std::deque<std::unique_ptr<Pop3Transaction>> open_;
  bool many_lines_ = false;  // of the answer at hand
  bool sasl_ = false;        // the client's next line is part of a login
  bool tls_ = false;
  std::uint64_t transactions_ = 0;
  std::uint64_t lost_ = 0;
  std::uint32_t files_ = 0;
};

}  // namespace tocsin::collectors
