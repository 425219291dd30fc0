#include "collectors/packet/protocol/ftp/parser.h"

#include <algorithm>
#include <utility>

#include "collectors/base/text.h"
#include "collectors/packet/packet_event.h"
#include "collectors/packet/protocol/ftp/address.h"

namespace tocsin::collectors {

namespace {

constexpr std::size_t replies_most = 1'024;  // lines of one answer

class FtpFactory final : public ProtocolFactory {
 public:
  FtpFactory(const FtpOptions& options, FieldNames& names) : options_(options), fields_(names) {}
  std::unique_ptr<ProtocolParser> make(const Flow& flow) override {
    return std::make_unique<FtpParser>(options_, fields_, flow);
  }

 private:
  const FtpOptions& options_;
  const FtpFields fields_;
};

bool begins(std::string_view line, std::string_view word) noexcept {
  return line.size() >= word.size() && equals_ignoring_case(line.substr(0, word.size()), word);
}

std::string upper_ascii(std::string_view text) {
  std::string out(text);
  for (auto& c : out)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
  return out;
}

std::string_view code_of(std::string_view line) noexcept {
  const auto digit = [&](std::size_t at) { return line[at] >= '0' && line[at] <= '9'; };
  return line.size() >= 3 && digit(0) && digit(1) && digit(2) ? line.substr(0, 3) : std::string_view{};
}

FtpTransfer transfer_of(std::string_view command) noexcept {
  if (command == "RETR") return FtpTransfer::retrieve;
  if (command == "STOR" || command == "STOU" || command == "APPE") return FtpTransfer::store;
  return FtpTransfer::none;
}

// Clients of FTP and POP3 begin alike; only more words or the port can tell.
Probe first_command(std::string_view text, bool customary) noexcept {
  static constexpr std::array<std::string_view, 6> sure{"PORT ", "EPRT ", "PASV\r\n", "EPSV", "FEAT", "SYST"};
  static constexpr std::array<std::string_view, 9> likely{"USER ", "PASS ", "QUIT", "AUTH TLS", "AUTH SSL",
                                                          "OPTS ", "NOOP",  "HELP", "PWD"};
  Probe best = Probe::no;
  const auto judge = [&](std::string_view word) {
    if (begins(text, word)) return true;
    if (text.size() < word.size() && equals_ignoring_case(text, word.substr(0, text.size()))) best = Probe::more;
    return false;
  };
  for (const auto word : sure)
    if (judge(word)) return Probe::yes;
  for (const auto word : likely)
    if (judge(word)) {
      if (customary) return Probe::yes;
      // "USER name" and nothing more: IRC has three further words.
      const auto line = trim(text.substr(0, text.find('\n')));
      const bool login = begins(text, "USER ") && text.find('\n') != std::string_view::npos &&
                         line.find(' ', 5) == std::string_view::npos;
      return login || begins(text, "AUTH ") ? Probe::yes : Probe::no;
    }
  return best;
}

Probe welcome(std::string_view text, bool customary) noexcept {
  if (text.size() < 4)
    return std::string_view("220 ").starts_with(text) || std::string_view("220-").starts_with(text) ? Probe::more
                                                                                                    : Probe::no;
  if (!text.starts_with("220 ") && !text.starts_with("220-")) return Probe::no;
  if (customary || text.starts_with("220 (")) return Probe::yes;
  const std::string line = lower_ascii(text.substr(0, text.find('\n')));
  if (line.find("smtp") != std::string::npos) return Probe::no;
  return line.find("ftp") != std::string::npos ? Probe::yes : Probe::more;
}

}  // namespace

std::unique_ptr<ProtocolFactory> make_ftp_factory(const PacketOptions& options, FieldNames& names) {
  return std::make_unique<FtpFactory>(options.ftp, names);
}

Probe probe_ftp(const ProbeInput& input) {
  const std::string_view text = as_text(input.bytes);
  const bool customary =
      input.server_port == ftp_ports[0] || (input.beginning_unseen && input.client_port == ftp_ports[0]);
  const bool to_server = input.direction == Direction::to_server;
  const Probe usual = to_server ? first_command(text, customary) : welcome(text, customary);
  if (usual != Probe::no || !input.beginning_unseen) return usual;
  const Probe turned = to_server ? welcome(text, customary) : first_command(text, customary);
  return turned == Probe::yes ? Probe::reversed : Probe::no;
}

ParserState FtpParser::consume(Direction direction, Bytes bytes, Time, ParserOutput& output) {
  auto& lines = lines_[index(direction)];
  LineReader::Line line;
  while (lines.next(bytes, options_.line_most, line)) {
    if (!line.begins) continue;
    const bool whole = !line.end_of_line.empty();
    if (direction == Direction::to_server) command(line.text, whole, output);
    else reply(line.text, whole, output);
    if (!tls_) continue;
    leftover_[index(direction)].assign(bytes.begin(), bytes.end());
    const auto kept = as_bytes(lines_[index(opposite(direction))].kept());
    leftover_[index(opposite(direction))].assign(kept.begin(), kept.end());
    return ParserState::restart;
  }
  return ParserState::more;
}

FtpTransaction* FtpParser::begin(ParserOutput& output) {
  if (open_.size() >= options_.transactions_most) {
    auto& oldest = *open_.front();
    const auto event = static_cast<std::size_t>(PacketEvent::ftp_too_many_transactions);
    if (oldest.events.test(event)) return nullptr;
    oldest.events.set(event);
    output.progressed(oldest, Direction::to_server);
    return nullptr;
  }
  auto& fresh = open_.emplace_back(std::make_unique<FtpTransaction>(fields_));
  fresh->number = transactions_++;
  return fresh.get();
}

void FtpParser::command(std::string_view line, bool whole, ParserOutput& output) {
  if (line.empty()) return;
  auto* transaction = begin(output);
  if (transaction == nullptr) return;
  static constexpr std::string_view two_words = "AUTH TLS";
  const std::size_t end = begins(line, two_words) ? two_words.size() : std::min(line.find(' '), line.size());
  static constexpr std::size_t word_most = 32;
  transaction->command = upper_ascii(line.substr(0, std::min(end, word_most)));
  transaction->data = line.substr(std::min(end + 1, line.size()));
  if (!whole) {
    transaction->command_truncated = true;
    transaction->raise(PacketEvent::ftp_request_command_too_long);
  }
  data_channel(*transaction, output);
  output.progressed(*transaction, Direction::to_server);
}

// PORT and EPRT say where the client listens; RETR and STOR begin a data channel at what was said last.
void FtpParser::data_channel(FtpTransaction& transaction, ParserOutput& output) {
  const bool plain = transaction.command == "PORT";
  if (plain || transaction.command == "EPRT") {
    const auto place = plain ? parse_ftp_port(transaction.data) : parse_ftp_extended_port(transaction.data);
    transaction.mode = FtpMode::active;
    if (!place) return;
    transaction.dynamic_port = place->port;
    transaction.bounce = place->address && place->address != client_;
    mode_ = FtpMode::active;
    port_ = place->port;
    return;
  }
  if (transaction.command == "PASV" || transaction.command == "EPSV") transaction.mode = FtpMode::passive;
  const FtpTransfer transfer = transfer_of(transaction.command);
  if (transfer == FtpTransfer::none || port_ == 0) return;
  auto agreement = std::make_shared<FtpAgreement>();
  agreement->transfer = transfer;
  agreement->file_name = transaction.data;
  ExpectedFlow expected;
  expected.protocol = Protocol::ftp_data;
  expected.client = mode_ == FtpMode::active ? server_ : client_;
  expected.server = mode_ == FtpMode::active ? client_ : server_;
  expected.server_port = std::exchange(port_, std::uint16_t{0});
  expected.agreement = std::move(agreement);
  output.expect(std::move(expected));
}

void FtpParser::reply(std::string_view line, bool whole, ParserOutput& output) {
  const std::string_view code = code_of(line);
  const bool mark = line.size() > 3 && line[3] == '-';
  if (multi_line_.empty() && code.empty()) return;  // belongs to nothing
  if (open_.empty() && begin(output) == nullptr) return;
  auto& transaction = *open_.front();
  const bool last = multi_line_.empty() ? !mark : code == multi_line_ && !mark;
  if (multi_line_.empty() && mark) multi_line_ = code;
  if (transaction.replies.size() < replies_most)
    transaction.replies.push_back(
        {std::string(code), std::string(code.empty() ? line : line.substr(std::min<std::size_t>(4, line.size())))});
  if (!whole) {
    transaction.reply_truncated = true;
    transaction.raise(PacketEvent::ftp_response_command_too_long);
  }
  if (!last) return;
  multi_line_.clear();
  answered(transaction, code, line, output);
}

void FtpParser::answered(FtpTransaction& transaction, std::string_view code, std::string_view line,
                         ParserOutput& output) {
  if (code.starts_with('1')) {  // more will follow
    output.progressed(transaction, Direction::to_client);
    return;
  }
  const bool extended = transaction.command == "EPSV";
  if ((extended && code == "229") || (transaction.command == "PASV" && code == "227")) {
    const auto text = line.substr(std::min<std::size_t>(4, line.size()));
    if (const auto place = extended ? parse_ftp_extended_port(text) : parse_ftp_port(text)) {
      transaction.dynamic_port = place->port;
      mode_ = FtpMode::passive;
      port_ = place->port;
    }
  }
  if (code == "234" && transaction.command.starts_with("AUTH")) tls_ = true;
  finish_front(output);
}

void FtpParser::finish_front(ParserOutput& output) {
  auto& transaction = *open_.front();
  transaction.set_answered();
  output.progressed(transaction, Direction::to_server);
  output.progressed(transaction, Direction::to_client);
  auto done = std::move(open_.front());
  open_.pop_front();
  output.finished(std::move(done));
}

ParserState FtpParser::gap(Direction direction, std::uint64_t, Time, ParserOutput&) {
  lines_[index(direction)].lose();
  if (direction == Direction::to_client) multi_line_.clear();
  return ParserState::more;
}

void FtpParser::finish(ParserOutput& output) {
  while (!open_.empty()) finish_front(output);
}

}  // namespace tocsin::collectors
