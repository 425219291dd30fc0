#include "collectors/packet/protocol/pop3/parser.h"

#include <algorithm>
#include <utility>

#include "collectors/base/text.h"
#include "collectors/packet/protocol/factory.h"
#include "collectors/packet/protocol/pop3/buffers.h"
#include "collectors/packet/protocol/word_probe.h"

namespace tocsin::collectors {

namespace {

constexpr std::size_t arguments_most = 16;
constexpr std::size_t lines_most = 1'024;                       // kept of an answer
constexpr std::size_t request_most = 255, response_most = 512;  // RFC 2449, section 4

// Arguments that a command takes (RFC 1939, RFC 2449, RFC 5034, RFC 2595).
struct CommandRow {
  std::string_view name;
  std::size_t least, most;
};
constexpr auto commands = std::to_array<CommandRow>({{"APOP", 2, 2},
                                                     {"AUTH", 0, 2},
                                                     {"CAPA", 0, 0},
                                                     {"DELE", 1, 1},
                                                     {"LIST", 0, 1},
                                                     {"NOOP", 0, 0},
                                                     {"PASS", 1, arguments_most},
                                                     {"QUIT", 0, 0},
                                                     {"RETR", 1, 1},
                                                     {"RSET", 0, 0},
                                                     {"STAT", 0, 0},
                                                     {"STLS", 0, 0},
                                                     {"TOP", 2, 2},
                                                     {"UIDL", 0, 1},
                                                     {"USER", 1, 1},
                                                     {"UTF8", 0, 0},
                                                     {"LANG", 0, 1}});

void raise(Pop3Transaction& transaction, PacketEvent event) { transaction.events.set(static_cast<std::size_t>(event)); }

void judge(Pop3Transaction& transaction) {
  const auto found = std::ranges::find(commands, std::string_view(transaction.command), &CommandRow::name);
  if (found == commands.end()) return raise(transaction, PacketEvent::pop3_unknown_command);
  const auto count = transaction.arguments.size();
  if (count < found->least || count > found->most) raise(transaction, PacketEvent::pop3_incorrect_argument_count);
}

}  // namespace

std::unique_ptr<ProtocolFactory> make_pop3_factory(const PacketOptions& options, FieldNames& names) {
  return factory_of<Pop3Parser>(std::cref(options.pop3), std::cref(options.smtp), Pop3Fields(names));
}

Probe probe_pop3(const ProbeInput& input) {
  static constexpr std::array<std::string_view, 2> answers{"+OK ", "+OK\r\n"};
  static constexpr std::array<std::string_view, 6> commands{"USER ", "APOP ", "CAPA", "AUTH", "STLS", "QUIT"};
  static constexpr std::array<std::string_view, 2> sure{"CAPA\r\n", "APOP "};
  const std::string_view text = as_text(input.bytes);
  const bool customary =
      input.server_port == pop3_ports[0] || (input.beginning_unseen && input.client_port == pop3_ports[0]);
  const auto command = [&] {
    return probe_words(text, customary ? std::span<const std::string_view>(commands) : sure);
  };
  const bool to_server = input.direction == Direction::to_server;
  const Probe usual = to_server ? command() : probe_words(text, answers);
  if (usual != Probe::no || !input.beginning_unseen) return usual;
  const Probe turned = to_server ? probe_words(text, answers) : command();
  return turned == Probe::yes ? Probe::reversed : Probe::no;
}

ParserState Pop3Parser::consume(Direction direction, Bytes bytes, Time, ParserOutput& output) {
  output_ = &output;
  auto& lines = lines_[index(direction)];
  LineReader::Line line;
  while (lines.next(bytes, options_.line_most, line)) {
    if (direction == Direction::to_client && many_lines_) data(line);
    else if (!line.begins) continue;
    else if (direction == Direction::to_server) command(line.text);
    else answer(line.text);
    if (!tls_) continue;
    leftover_[index(direction)].assign(bytes.begin(), bytes.end());
    const auto kept = as_bytes(lines_[index(opposite(direction))].kept());
    leftover_[index(opposite(direction))].assign(kept.begin(), kept.end());
    output_ = nullptr;
    return ParserState::restart;
  }
  if (many_lines_ && !open_.empty() && !open_.front()->files.empty())
    output.progressed(*open_.front(), Direction::to_client);
  output_ = nullptr;
  return ParserState::more;
}

Pop3Transaction& Pop3Parser::begin() {
  if (open_.size() >= options_.transactions_most) {
    raise(*open_.front(), PacketEvent::pop3_too_many_transactions);
    finish_front();
  }
  auto& fresh = open_.emplace_back(std::make_unique<Pop3Transaction>(fields_));
  fresh->number = transactions_++;
  return *fresh;
}

void Pop3Parser::command(std::string_view line) {
  auto& transaction = begin();
  if (std::exchange(sasl_, false)) {
    transaction.command = "<SASL DATA>";
  } else {
    static constexpr std::size_t word_most = 32;
    const auto words = split(trim(line), ' ');
    transaction.command = words[0].substr(0, word_most);
    for (auto& c : transaction.command)
      if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
    for (std::size_t i = 1; i < words.size() && i <= arguments_most; ++i) transaction.arguments.emplace_back(words[i]);
    judge(transaction);
  }
  if (line.size() > request_most) raise(transaction, PacketEvent::pop3_request_too_long);
  output_->progressed(transaction, Direction::to_server);
}

void Pop3Parser::answer(std::string_view line) {
  const bool good = line.starts_with('+');
  if (!good && !line.starts_with("-ERR")) return;
  auto& transaction = open_.empty() ? begin() : *open_.front();
  transaction.answered = true;
  if (line.size() > response_most) raise(transaction, PacketEvent::pop3_response_too_long);
  transaction.success = good;
  const std::size_t blank = line.find(' ');
  transaction.header = blank == std::string_view::npos ? std::string_view{} : line.substr(blank + 1);
  const bool login = transaction.command == "AUTH" || transaction.command == "<SASL DATA>";
  if (login && good && !line.starts_with("+OK")) sasl_ = true;
  if (good && transaction.command == "STLS") tls_ = true;
  if (!good || sasl_ || !transaction.has_many_lines()) return finish_front();
  many_lines_ = true;
  if (transaction.command == "RETR")
    transaction.mail = std::make_unique<MailReader>(mail_options_, static_cast<MailSink&>(*this));
}

void Pop3Parser::data(const LineReader::Line& line) {
  if (open_.empty()) {
    many_lines_ = false;
    return;
  }
  auto& transaction = *open_.front();
  std::string_view text = line.text;
  if (line.begins && text == "." && !line.end_of_line.empty()) {
    many_lines_ = false;
    if (transaction.mail != nullptr) transaction.mail->finish(true);
    return finish_front();
  }
  if (line.begins && text.starts_with('.')) text.remove_prefix(1);
  if (transaction.mail != nullptr) transaction.mail->line(text, line.end_of_line, line.begins);
  else if (line.begins && transaction.lines.size() < lines_most) transaction.lines.emplace_back(text);
}

void Pop3Parser::finish_front() {
  auto& transaction = *open_.front();
  if (transaction.mail != nullptr) transaction.mail->finish(false);
  many_lines_ = false;
  transaction.step = pop3_progress::answered;
  output_->progressed(transaction, Direction::to_server);
  output_->progressed(transaction, Direction::to_client);
  auto done = std::move(open_.front());
  open_.pop_front();
  output_->finished(std::move(done));
}

ParserState Pop3Parser::gap(Direction direction, std::uint64_t count, Time, ParserOutput&) {
  lines_[index(direction)].lose();
  if (direction == Direction::to_client && many_lines_) lost_ += count;
  return ParserState::more;
}

void Pop3Parser::finish(ParserOutput& output) {
  output_ = &output;
  while (!open_.empty()) finish_front();
  output_ = nullptr;
}

void Pop3Parser::mail_file_begin(std::string_view name) {
  auto& transaction = *open_.front();
  Pop3File& file = transaction.files.emplace_back();
  file.id = files_++;
  file.name = name;
  lost_ = 0;
  transaction.step = std::max(transaction.step, pop3_progress::mail);
}

void Pop3Parser::mail_file_data(Bytes bytes) {
  auto& transaction = *open_.front();
  if (bytes.empty() || transaction.files.empty()) return;
  Pop3File& file = transaction.files.back();
  const std::uint64_t lost = std::exchange(lost_, 0);
  file.size += lost;
  if (file.data.size() < mail_options_.inspected_most) {
    const auto count = std::min<std::size_t>(bytes.size(), mail_options_.inspected_most - file.data.size());
    file.data.insert(file.data.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count));
  }
  output_->file(&transaction, Direction::to_client, {file.id, file.name, file.size, bytes, lost, false, false});
  file.size += bytes.size();
}

void Pop3Parser::mail_file_end(bool whole) {
  auto& transaction = *open_.front();
  if (transaction.files.empty()) return;
  const Pop3File& file = transaction.files.back();
  output_->file(&transaction, Direction::to_client, {file.id, file.name, file.size, {}, 0, true, !whole});
}

}  // namespace tocsin::collectors
