#include "collectors/packet/protocol/smtp/transaction.h"

#include <algorithm>

#include "collectors/base/text.h"
#include "collectors/packet/protocol/smtp/buffers.h"

namespace tocsin::collectors {

namespace {

std::optional<Bytes> if_any(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional(as_bytes(text));
}

std::optional<Bytes> item(const std::vector<std::string>& texts, std::uint32_t index) {
  return index < texts.size() ? std::optional(as_bytes(texts[index])) : std::nullopt;
}

// The header that a buffer is the value of; empty for buffers of another kind.
std::string_view header_of(Buffer buffer) noexcept {
  switch (buffer) {
    case Buffer::email_from: return "From";
    case Buffer::email_to: return "To";
    case Buffer::email_cc: return "Cc";
    case Buffer::email_subject: return "Subject";
    case Buffer::email_date: return "Date";
    case Buffer::email_message_id: return "Message-ID";
    case Buffer::email_x_mailer: return "X-Mailer";
    default: return {};
  }
}

}  // namespace

bool SmtpTransaction::reach(Direction direction, std::uint8_t step) {
  auto& progress = progress_[collectors::index(direction)];
  if (progress >= step) return false;
  progress = step;
  return true;
}

bool SmtpTransaction::complete(Direction direction) const {
  return direction == Direction::to_server ? progress_[0] >= smtp_progress::complete
                                           : progress_[1] >= smtp_progress::answered;
}

std::optional<Bytes> SmtpTransaction::buffer(Buffer buffer, Direction direction, std::uint32_t index) const {
  if (direction != Direction::to_server) return std::nullopt;
  const auto progress = progress_[0];
  switch (buffer) {
    case Buffer::smtp_helo: return index == 0 && progress >= smtp_progress::greeting ? if_any(helo) : std::nullopt;
    case Buffer::smtp_mail_from:
      return index == 0 && progress >= smtp_progress::sender ? if_any(mail_from) : std::nullopt;
    case Buffer::smtp_rcpt_to: return progress >= smtp_progress::recipients ? item(rcpt_to, index) : std::nullopt;
    case Buffer::file_data:
      return index < files.size() && progress >= smtp_progress::body ? std::optional(Bytes(files[index].data))
                                                                     : std::nullopt;
    case Buffer::file_name:
      return index < files.size() && progress >= smtp_progress::body ? std::optional(as_bytes(files[index].name))
                                                                     : std::nullopt;
    default: return mail_buffer(buffer, index);
  }
}

std::optional<Bytes> SmtpTransaction::mail_buffer(Buffer buffer, std::uint32_t index) const {
  if (mail == nullptr || progress_[0] < smtp_progress::headers) return std::nullopt;
  switch (buffer) {
    case Buffer::email_url: return progress_[0] >= smtp_progress::complete ? item(mail->urls(), index) : std::nullopt;
    case Buffer::email_body_md5: return index == 0 ? if_any(mail->body_md5()) : std::nullopt;
    case Buffer::email_received:
      for (const auto& header : mail->headers())
        if (equals_ignoring_case(header.name, "Received") && index-- == 0) return as_bytes(header.value);
      return std::nullopt;
    default: break;
  }
  const auto name = header_of(buffer);
  if (name.empty() || index != 0) return std::nullopt;
  const auto* header = mail->find(name);
  return header == nullptr ? std::nullopt : std::optional(as_bytes(header->value));
}

}  // namespace tocsin::collectors
