#pragma once
// SMTP (RFC 5321): commands and answers with pipelining (RFC 2920), CHUNKING (RFC 3030), STARTTLS (RFC 3207: what
// follows is another conversation). Answers are matched to commands in order. When the server was never heard, its
// consent is assumed, so one-sided traffic is read as well.

#include <array>
#include <deque>
#include <memory>
#include <vector>

#include "collectors/packet/protocol/line_reader.h"
#include "collectors/packet/protocol/parser.h"
#include "collectors/packet/protocol/smtp/transaction.h"

namespace tocsin::collectors {

inline constexpr std::array<std::uint16_t, 3> smtp_ports{25, 587, 465};
Probe probe_smtp(const ProbeInput& input);
std::unique_ptr<ProtocolFactory> make_smtp_factory(const PacketOptions& options, FieldNames& names);

class SmtpParser final : public ProtocolParser, MailSink {
 public:
  SmtpParser(const SmtpOptions& options, const SmtpFields& fields) : options_(options), fields_(fields) {}

  ParserState consume(Direction direction, Bytes bytes, Time time, ParserOutput& output) override;
  ParserState gap(Direction direction, std::uint64_t count, Time time, ParserOutput& output) override;
  void end(Direction direction, Time time, ParserOutput& output) override;
  Bytes leftover(Direction direction) const override { return leftover_[index(direction)]; }
  void finish(ParserOutput& output) override;

 private:
  enum class Command : std::uint8_t { other, start_tls, data, message, chunk, last_chunk, reset };
  struct Sent {  // a command that waits for its answer
    Command command;
    std::uint64_t transaction;
    bool resets;  // a positive answer ends the transaction
  };
  enum class Mode : std::uint8_t { commands, mail, chunk };

  ParserState from_client(Bytes bytes);
  ParserState from_server(Bytes bytes);
  void command(std::string_view line, bool whole);
  void greeting(std::string_view line);
  void sender(std::string_view line);
  void recipient(std::string_view line);
  void data();
  void chunk(std::string_view line);
  void reset();
  void mail_line(const LineReader::Line& line);
  void chunk_bytes(Bytes& bytes);
  void mail_ends();
  bool reply(std::string_view line);
  void answered(const Sent& sent, int code);
  void await(Command command, bool resets = false);

  SmtpTransaction& current();
  SmtpTransaction* find(std::uint64_t number) noexcept;
  void begin_mail(SmtpTransaction& transaction);
  void end_request(SmtpTransaction& transaction, bool whole);
  void finish_transaction(SmtpTransaction& transaction);
  void raise(Direction direction, PacketEvent event);
  void tell(SmtpTransaction& transaction, Direction direction);

  // MailSink
  void mail_headers() override;
  void mail_body() override;
  void mail_file_begin(std::string_view name) override;
  void mail_file_data(Bytes bytes) override;
  void mail_file_end(bool whole) override;
  void mail_fault(PacketEvent event) override;

  const SmtpOptions& options_;
  const SmtpFields& fields_;
  ParserOutput* output_ = nullptr;  // during a call
  std::array<LineReader, 2> lines_;
  LineReader chunk_lines_;
  std::array<std::vector<std::uint8_t>, 2> leftover_;
  std::deque<std::unique_ptr<SmtpTransaction>> open_;
  std::deque<Sent> sent_;
  SmtpTransaction* reading_ = nullptr;  // whose mail is being read
  Mode mode_ = Mode::commands;
  bool changed_body_ = false;
  bool server_heard_ = false;
  bool first_reply_seen_ = false;
  bool pipelining_ = false;  // the server offers it
  bool last_chunk_ = false;
  bool start_tls_ = false;
  std::string helo_;
  std::uint64_t chunk_left_ = 0;
  std::uint64_t transactions_ = 0;
  std::uint64_t lost_ = 0;  // bytes of the file at hand
  std::uint32_t files_ = 0;
};

}  // namespace tocsin::collectors
