// What the server answers, and what that means for the commands that waited for it.

#include <algorithm>
#include <utility>

#include "collectors/base/text.h"
#include "collectors/packet/protocol/smtp/buffers.h"
#include "collectors/packet/protocol/smtp/parser.h"

namespace tocsin::collectors {

namespace {

// Answers of RFC 5321 and its extensions.
constexpr auto codes =
    std::to_array<int>({211, 214, 220, 221, 235, 250, 251, 252, 334, 354, 401, 402, 421, 432, 435, 450, 451,
                        452, 453, 454, 455, 458, 459, 500, 501, 502, 503, 504, 510, 511, 512, 515, 517, 521,
                        522, 523, 525, 530, 531, 533, 534, 535, 538, 541, 550, 551, 552, 553, 554, 555, 556});
static_assert(std::ranges::is_sorted(codes));

std::optional<int> code_of(std::string_view line) noexcept {
  const auto number = parse_unsigned(line.substr(0, 3));
  if (!number || !std::ranges::binary_search(codes, static_cast<int>(*number))) return std::nullopt;
  return static_cast<int>(*number);
}

// "250-PIPELINING" among the lines that answer EHLO.
bool offers(std::string_view line, std::string_view extension) noexcept {
  line.remove_prefix(std::min<std::size_t>(line.size(), 4));
  return equals_ignoring_case(trim(line), extension);
}

}  // namespace

// False: this is no SMTP any more.
bool SmtpParser::reply(std::string_view line) {
  if (line.empty()) return true;
  const auto code = line.size() >= 3 ? code_of(line) : std::nullopt;
  if (!code) {
    raise(Direction::to_client, PacketEvent::smtp_invalid_reply);
    return false;
  }
  if (*code == 250 && offers(line, "PIPELINING")) pipelining_ = true;
  if (line.size() > 3 && line[3] == '-') return true;  // more lines of it follow
  const bool welcome = !std::exchange(first_reply_seen_, true);
  if (sent_.empty()) {
    if (welcome && *code != 220) raise(Direction::to_client, PacketEvent::smtp_no_server_welcome_message);
    return true;
  }
  // The welcome may be late: the client did not wait for it.
  if (welcome && *code == 220 && sent_.front().command != Command::start_tls) return true;
  const Sent sent = sent_.front();
  sent_.pop_front();
  answered(sent, *code);
  return true;
}

void SmtpParser::answered(const Sent& sent, int code) {
  auto* transaction = find(sent.transaction);
  const bool good = code / 100 == 2;
  if (transaction != nullptr && transaction->reach(Direction::to_client, smtp_progress::answers))
    tell(*transaction, Direction::to_client);
  switch (sent.command) {
    case Command::start_tls:
      if (code == 220) start_tls_ = true;
      else raise(Direction::to_client, PacketEvent::smtp_tls_rejected);
      return;
    case Command::data:
      if (code == 354) {
        if (reading_ == transaction && reading_ != nullptr) mode_ = Mode::mail;
        return;
      }
      if (transaction != nullptr) {
        transaction->raise(PacketEvent::smtp_data_command_rejected);
        tell(*transaction, Direction::to_client);
        transaction->has_data = false;
        if (reading_ == transaction) {
          if (transaction->mail != nullptr && transaction->mail->headers().empty()) transaction->mail.reset();
          reading_ = nullptr;
          mode_ = Mode::commands;
        }
      }
      return;
    case Command::message:
    case Command::last_chunk:
      if (transaction != nullptr && transaction->request_done) finish_transaction(*transaction);
      return;
    case Command::reset:
      if (transaction == nullptr || !sent.resets) return;
      if (good) finish_transaction(*transaction);
      else if (open_.back().get() == transaction) transaction->request_done = false;
      return;
    case Command::chunk:
    case Command::other: return;
  }
}

}  // namespace tocsin::collectors
