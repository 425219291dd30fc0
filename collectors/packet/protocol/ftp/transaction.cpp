#include "collectors/packet/protocol/ftp/transaction.h"

#include <algorithm>

#include "collectors/packet/protocol/ftp/buffers.h"

namespace tocsin::collectors {

std::string_view ftp_transfer_name(FtpTransfer transfer) noexcept {
  switch (transfer) {
    case FtpTransfer::retrieve: return "RETR";
    case FtpTransfer::store: return "STOR";
    case FtpTransfer::none: break;
  }
  return {};
}

void FtpTransaction::set_answered() { progress_ = ftp_progress::answered; }

bool FtpTransaction::complete(Direction) const { return progress_ >= ftp_progress::answered; }

std::optional<Bytes> FtpTransaction::buffer(Buffer buffer, Direction direction, std::uint32_t index) const {
  const auto if_any = [](const std::string& text) {
    return text.empty() ? std::nullopt : std::optional(as_bytes(text));
  };
  if (direction == Direction::to_server) {
    if (index != 0) return std::nullopt;
    if (buffer == Buffer::ftp_command) return if_any(command);
    if (buffer == Buffer::ftp_command_data) return if_any(data);
    return std::nullopt;
  }
  if (buffer == Buffer::ftp_reply)
    return index < replies.size() ? std::optional(as_bytes(replies[index].text)) : std::nullopt;
  if (buffer != Buffer::ftp_completion_code) return std::nullopt;
  for (const auto& reply : replies)
    if (!reply.code.empty() && index-- == 0) return as_bytes(reply.code);
  return std::nullopt;
}

std::optional<std::uint64_t> FtpTransaction::number_of(Buffer buffer, Direction direction, std::uint32_t index) const {
  if (index != 0) return std::nullopt;
  const bool answered = progress_ >= ftp_progress::answered;
  switch (buffer) {
    case Buffer::ftp_mode:
      return dynamic_port != 0 && answered ? std::optional(static_cast<std::uint64_t>(mode)) : std::nullopt;
    case Buffer::ftp_dynamic_port:
      return dynamic_port != 0 && answered ? std::optional<std::uint64_t>(dynamic_port) : std::nullopt;
    case Buffer::ftp_reply_received:
      if (direction != Direction::to_client || !answered || command.empty()) return std::nullopt;
      return replies.empty() ? 0 : 1;
    case Buffer::ftp_bounce:
      return direction == Direction::to_server ? std::optional<std::uint64_t>(bounce ? 1 : 0) : std::nullopt;
    default: return std::nullopt;
  }
}

void FtpDataTransaction::add(Direction direction, Bytes bytes, std::uint64_t most) {
  direction_ = direction;
  if (data_.size() >= most) return;
  const auto count = std::min<std::size_t>(bytes.size(), most - data_.size());
  data_.insert(data_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count));
}

void FtpDataTransaction::set_ended() { progress_ = ftp_progress::ended; }

bool FtpDataTransaction::complete(Direction) const { return progress_ >= ftp_progress::ended; }

std::optional<Bytes> FtpDataTransaction::buffer(Buffer buffer, Direction direction, std::uint32_t index) const {
  if (index != 0 || direction != direction_) return std::nullopt;
  if (buffer == Buffer::file_data) return Bytes(data_);
  if (buffer == Buffer::file_name) return as_bytes(name_);
  return std::nullopt;
}

std::optional<std::uint64_t> FtpDataTransaction::number_of(Buffer buffer, Direction, std::uint32_t index) const {
  if (buffer != Buffer::ftp_data_command || index != 0) return std::nullopt;
  return static_cast<std::uint64_t>(transfer_);
}

}  // namespace tocsin::collectors
