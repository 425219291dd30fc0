#include "collectors/packet/protocol/smtp/parser.h"

#include <algorithm>
#include <utility>

#include "collectors/base/text.h"
#include "collectors/packet/protocol/factory.h"
#include "collectors/packet/protocol/smtp/buffers.h"

namespace tocsin::collectors {

namespace {

constexpr std::size_t recipients_most = 1'024;
constexpr std::size_t sent_most = 1'024;  // commands without an answer

bool begins(std::string_view line, std::string_view word) noexcept {
  return line.size() >= word.size() && equals_ignoring_case(line.substr(0, word.size()), word);
}

// The first word behind a command; options may follow it.
std::string_view parameter(std::string_view line, std::size_t command) noexcept {
  line.remove_prefix(std::min(line.size(), command + 1));
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  return line.substr(0, line.find(' '));
}

}  // namespace

std::unique_ptr<ProtocolFactory> make_smtp_factory(const PacketOptions& options, FieldNames& names) {
  return factory_of<SmtpParser>(std::cref(options.smtp), SmtpFields(names));
}

ParserState SmtpParser::consume(Direction direction, Bytes bytes, Time, ParserOutput& output) {
  output_ = &output;
  const ParserState state = direction == Direction::to_server ? from_client(bytes) : from_server(bytes);
  if (std::exchange(changed_body_, false) && reading_ != nullptr) tell(*reading_, Direction::to_server);
  output_ = nullptr;
  return state;
}

ParserState SmtpParser::from_client(Bytes bytes) {
  auto& lines = lines_[index(Direction::to_server)];
  LineReader::Line line;
  while (true) {
    if (mode_ == Mode::chunk) {
      if (bytes.empty()) return ParserState::more;
      chunk_bytes(bytes);
      continue;
    }
    if (!lines.next(bytes, options_.line_most, line)) return ParserState::more;
    if (mode_ == Mode::mail) mail_line(line);
    else if (line.begins) command(line.text, !line.end_of_line.empty());
  }
}

ParserState SmtpParser::from_server(Bytes bytes) {
  server_heard_ = true;
  auto& lines = lines_[index(Direction::to_client)];
  LineReader::Line line;
  while (lines.next(bytes, options_.line_most, line)) {
    if (!line.begins) continue;
    if (line.end_of_line.empty()) raise(Direction::to_client, PacketEvent::smtp_truncated_line);
    if (!reply(line.text)) return ParserState::failed;
    if (!start_tls_) continue;
    leftover_[index(Direction::to_client)].assign(bytes.begin(), bytes.end());
    const auto kept = as_bytes(lines_[index(Direction::to_server)].kept());
    leftover_[index(Direction::to_server)].assign(kept.begin(), kept.end());
    return ParserState::restart;
  }
  return ParserState::more;
}

// The transaction that the next command belongs to.
SmtpTransaction& SmtpParser::current() {
  if (!open_.empty() && !open_.back()->request_done) return *open_.back();
  if (open_.size() >= options_.transactions_most) finish_transaction(*open_.front());
  auto& fresh = open_.emplace_back(std::make_unique<SmtpTransaction>(fields_));
  fresh->number = transactions_++;
  fresh->helo = helo_;
  if (!helo_.empty()) fresh->reach(Direction::to_server, smtp_progress::greeting);
  return *fresh;
}

SmtpTransaction* SmtpParser::find(std::uint64_t number) noexcept {
  for (auto& each : open_)
    if (each->number == number) return each.get();
  return nullptr;
}

void SmtpParser::await(Command command, bool resets) {
  // Nothing may follow these before they are answered (RFC 2920, section 3.1).
  if (!sent_.empty() && (sent_.back().command == Command::data || sent_.back().command == Command::start_tls))
    raise(Direction::to_server, PacketEvent::smtp_invalid_pipelined_sequence);
  if (sent_.size() >= sent_most) sent_.pop_front();
  sent_.push_back({command, open_.empty() ? transactions_ : open_.back()->number, resets});
}

void SmtpParser::command(std::string_view line, bool whole) {
  const bool idle = transactions_ != 0 && (open_.empty() || open_.back()->request_done);
  if (idle && (begins(line, "RSET") || begins(line, "QUIT"))) return await(Command::other);
  const std::uint64_t number = current().number;
  if (!whole) raise(Direction::to_server, PacketEvent::smtp_truncated_line);
  if (begins(line, "STARTTLS")) await(Command::start_tls);
  else if (begins(line, "DATA")) data();
  else if (begins(line, "BDAT")) chunk(line);
  else if (begins(line, "HELO") || begins(line, "EHLO") || begins(line, "LHLO")) greeting(line);
  else if (begins(line, "MAIL FROM")) sender(line);
  else if (begins(line, "RCPT TO")) recipient(line);
  else if (begins(line, "RSET")) reset();
  else await(Command::other);
  // A command may be the last of its transaction.
  if (!open_.empty() && open_.back()->number == number) tell(*open_.back(), Direction::to_server);
}

void SmtpParser::greeting(std::string_view line) {
  const auto name = parameter(line, 4);
  if (helo_.empty()) {
    helo_ = name;
    current().helo = helo_;
    current().reach(Direction::to_server, smtp_progress::greeting);
  } else {
    raise(Direction::to_server, PacketEvent::smtp_duplicate_fields);
  }
  reset();
}

// RSET, or a greeting in the middle of a session: what was said of a mail so far is void once the server agrees.
void SmtpParser::reset() {
  auto& transaction = current();
  const bool begun = !transaction.mail_from.empty() || !transaction.rcpt_to.empty() || transaction.has_data;
  if (begun) transaction.request_done = true;
  await(Command::reset, begun);
}

void SmtpParser::sender(std::string_view line) {
  auto& transaction = current();
  if (!transaction.mail_from.empty()) {
    raise(Direction::to_server, PacketEvent::smtp_duplicate_fields);
  } else {
    transaction.mail_from = parameter(line, 9);
    transaction.reach(Direction::to_server, smtp_progress::sender);
  }
  await(Command::other);
}

void SmtpParser::recipient(std::string_view line) {
  auto& transaction = current();
  if (transaction.rcpt_to.size() < recipients_most) transaction.rcpt_to.emplace_back(parameter(line, 7));
  transaction.reach(Direction::to_server, smtp_progress::sender);
  await(Command::other);
}

void SmtpParser::data() {
  auto& transaction = current();
  if (transaction.has_data) raise(Direction::to_server, PacketEvent::smtp_unparsable_content);
  transaction.has_data = true;
  transaction.reach(Direction::to_server, smtp_progress::recipients);
  await(Command::data);
  begin_mail(transaction);
  // Who may pipeline need not wait for the answer.
  if (pipelining_ || !server_heard_) mode_ = Mode::mail;
}

void SmtpParser::begin_mail(SmtpTransaction& transaction) {
  reading_ = &transaction;
  if (transaction.mail != nullptr || !transaction.files.empty()) return;
  if (options_.raw_extraction) mail_file_begin("rawmsg");
  else if (options_.decode_mime)
    transaction.mail = std::make_unique<MailReader>(options_, static_cast<MailSink&>(*this));
}

// "BDAT 123", "BDAT 0 LAST"
void SmtpParser::chunk(std::string_view line) {
  std::string_view rest = trim(line.substr(4));
  const std::size_t blank = rest.find(' ');
  const auto size = parse_unsigned(rest.substr(0, blank));
  const auto tail = blank == std::string_view::npos ? std::string_view{} : trim(rest.substr(blank));
  const bool last = equals_ignoring_case(tail, "LAST");
  if (!size || (!tail.empty() && !last)) {
    raise(Direction::to_server, PacketEvent::smtp_invalid_bdat);
    return await(Command::other);
  }
  auto& transaction = current();
  await(last ? Command::last_chunk : Command::chunk);
  if (!transaction.has_data) chunk_lines_.reset();
  transaction.has_data = true;
  transaction.reach(Direction::to_server, smtp_progress::recipients);
  begin_mail(transaction);
  chunk_left_ = *size;
  last_chunk_ = last;
  mode_ = Mode::chunk;
  Bytes nothing;
  if (chunk_left_ == 0) chunk_bytes(nothing);
}

void SmtpParser::chunk_bytes(Bytes& bytes) {
  Bytes part = bytes.first(static_cast<std::size_t>(std::min<std::uint64_t>(chunk_left_, bytes.size())));
  bytes = bytes.subspan(part.size());
  chunk_left_ -= part.size();
  if (reading_ != nullptr && reading_->mail != nullptr) {
    LineReader::Line line;
    while (chunk_lines_.next(part, options_.line_most, line))
      reading_->mail->line(line.text, line.end_of_line, line.begins);
  } else if (!part.empty()) {
    mail_file_data(part);
  }
  if (chunk_left_ != 0) return;
  mode_ = Mode::commands;
  if (!last_chunk_ || reading_ == nullptr) return;
  if (reading_->mail != nullptr && !chunk_lines_.kept().empty())
    reading_->mail->line(chunk_lines_.kept(), {}, chunk_lines_.at_beginning());
  end_request(*reading_, true);
}

void SmtpParser::mail_line(const LineReader::Line& line) {
  if (line.begins && line.text == "." && !line.end_of_line.empty()) return mail_ends();
  if (reading_ == nullptr) return;
  std::string_view text = line.text;
  // The sender put a dot before each line that begins with one.
  if (line.begins && text.starts_with('.')) text.remove_prefix(1);
  if (reading_->mail != nullptr) {
    reading_->mail->line(text, line.end_of_line, line.begins);
  } else if (options_.raw_extraction) {
    mail_file_data(as_bytes(text));
    mail_file_data(as_bytes(line.end_of_line));
  }
}

void SmtpParser::mail_ends() {
  mode_ = Mode::commands;
  await(Command::message);
  if (reading_ == nullptr) return;
  end_request(*reading_, true);
}

// Nothing more of this transaction will come from the client.
void SmtpParser::end_request(SmtpTransaction& transaction, bool whole) {
  if (transaction.mail != nullptr) transaction.mail->finish(whole);
  else if (options_.raw_extraction && !transaction.files.empty()) mail_file_end(whole);
  transaction.request_done = true;
  transaction.reach(Direction::to_server, smtp_progress::complete);
  if (reading_ == &transaction) reading_ = nullptr;
  tell(transaction, Direction::to_server);
  if (!server_heard_) finish_transaction(transaction);
}

void SmtpParser::finish_transaction(SmtpTransaction& transaction) {
  const auto found = std::ranges::find(open_, &transaction, [](const auto& each) { return each.get(); });
  if (found == open_.end()) return;
  if (reading_ == &transaction) {
    if (transaction.mail != nullptr) transaction.mail->finish(false);
    reading_ = nullptr;
    mode_ = Mode::commands;
  }
  transaction.request_done = true;
  transaction.reach(Direction::to_server, smtp_progress::complete);
  transaction.reach(Direction::to_client, smtp_progress::answered);
  tell(transaction, Direction::to_client);
  auto done = std::move(*found);
  open_.erase(found);
  output_->finished(std::move(done));
}

void SmtpParser::raise(Direction direction, PacketEvent event) {
  if (open_.empty()) return output_->event(event);
  auto& transaction = *open_.back();
  if (transaction.events.test(static_cast<std::size_t>(event))) return;
  transaction.raise(event);
  tell(transaction, direction);
}

void SmtpParser::tell(SmtpTransaction& transaction, Direction direction) {
  output_->progressed(transaction, direction);
}

ParserState SmtpParser::gap(Direction direction, std::uint64_t count, Time, ParserOutput& output) {
  output_ = &output;
  if (direction == Direction::to_client) {
    // Which answers are missing cannot be told: a mail that was announced is taken to be allowed.
    lines_[index(direction)].lose();
    if (!sent_.empty() && sent_.back().command == Command::data && reading_ != nullptr) mode_ = Mode::mail;
    sent_.clear();
  } else if (mode_ == Mode::chunk) {
    lost_ += count;
    chunk_lines_.lose();
    chunk_left_ -= std::min(chunk_left_, count);
    Bytes nothing;
    if (chunk_left_ == 0) chunk_bytes(nothing);
  } else {
    if (mode_ == Mode::mail) lost_ += count;
    lines_[index(direction)].lose();
  }
  output_ = nullptr;
  return ParserState::more;
}

void SmtpParser::end(Direction direction, Time, ParserOutput& output) {
  if (direction == Direction::to_client || reading_ == nullptr) return;
  output_ = &output;
  if (reading_->mail != nullptr) reading_->mail->finish(false);
  output_ = nullptr;
}

void SmtpParser::finish(ParserOutput& output) {
  output_ = &output;
  if (reading_ != nullptr) end_request(*reading_, false);
  while (!open_.empty()) finish_transaction(*open_.front());
  output_ = nullptr;
}

void SmtpParser::mail_headers() {
  if (reading_ == nullptr || output_ == nullptr) return;
  reading_->reach(Direction::to_server, smtp_progress::headers);
  tell(*reading_, Direction::to_server);
}

void SmtpParser::mail_body() {
  if (reading_ == nullptr) return;
  reading_->reach(Direction::to_server, smtp_progress::body);
  changed_body_ = true;
}

void SmtpParser::mail_file_begin(std::string_view name) {
  SmtpFile& file = reading_->files.emplace_back();
  file.id = files_++;
  file.name = name;
  lost_ = 0;
  reading_->reach(Direction::to_server, smtp_progress::body);
}

void SmtpParser::mail_file_data(Bytes bytes) {
  if (bytes.empty() || reading_ == nullptr || reading_->files.empty()) return;
  SmtpFile& file = reading_->files.back();
  const std::uint64_t lost = std::exchange(lost_, 0);
  file.size += lost;
  if (file.data.size() < options_.inspected_most) {
    const auto count = std::min<std::size_t>(bytes.size(), options_.inspected_most - file.data.size());
    file.data.insert(file.data.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count));
  }
  output_->file(reading_, Direction::to_server, {file.id, file.name, file.size, bytes, lost, false, false});
  file.size += bytes.size();
  changed_body_ = true;
}

void SmtpParser::mail_file_end(bool whole) {
  if (reading_ == nullptr || reading_->files.empty()) return;
  const SmtpFile& file = reading_->files.back();
  output_->file(reading_, Direction::to_server, {file.id, file.name, file.size, {}, 0, true, !whole});
}

void SmtpParser::mail_fault(PacketEvent event) {
  if (reading_ == nullptr) return;
  reading_->raise(event);
  changed_body_ = true;
}

}  // namespace tocsin::collectors
