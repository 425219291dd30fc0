// Bodies and the files in them.

#include <algorithm>
#include <utility>

#include "collectors/packet/protocol/http/session.h"

namespace tocsin::collectors {

void HttpSession::keep(std::vector<std::uint8_t>& into, Bytes bytes, std::uint64_t limit) const {
  if (into.size() >= limit) return;
  const std::size_t count = std::min<std::size_t>(bytes.size(), limit - into.size());
  into.insert(into.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count));
}

std::uint64_t HttpSession::body_limit(Direction direction) const noexcept {
  return direction == Direction::to_server ? options_.request_body_limit : options_.response_body_limit;
}

// Files end here, where they are to end with the body that is inspected.
bool HttpSession::past_limit(const HttpSide& side, Direction direction) const noexcept {
  const auto limit = body_limit(direction);
  return options_.files_within_limits && limit != 0 && side.body_size >= limit;
}

void HttpSession::body_data(Direction direction, const htp_tx_data_t& data) {
  Open* open = open_of(data.tx);
  if (open == nullptr) return;
  auto& side = open->transaction->side(direction);
  if (direction == Direction::to_client && data.tx->response_message_len > 0)
    open->transaction->response_length = static_cast<std::uint64_t>(data.tx->response_message_len);
  if (data.data == nullptr) {  // a loss, or the end of the body
    if (data.len == 0) return;
    side.body_gaps += data.len;
    if (past_limit(side, direction)) return;
    if (direction == Direction::to_client || open->upload == nullptr) body_file(*open, direction, {}, data.len);
    return;
  }
  const Bytes bytes(data.data, data.len);
  if (direction == Direction::to_client && open->brotli != nullptr) {
    const bool fresh = open->brotli->unpacked() == 0;
    const bool good = open->brotli->add(bytes, [&](Bytes part) { body_bytes(*open, direction, part); });
    step(*open, direction, http_progress::body);
    if (good) return;
    open->brotli.reset();
    if (!fresh) return;  // a damaged rest; what never was Brotli is looked at as it is
  }
  body_bytes(*open, direction, bytes);
}

void HttpSession::body_bytes(Open& open, Direction direction, Bytes bytes) {
  auto& side = open.transaction->side(direction);
  const bool request = direction == Direction::to_server;
  const std::uint64_t limit = body_limit(direction);
  keep(side.body, bytes, limit);
  const std::uint64_t before = side.body_size;
  side.body_size += bytes.size();
  step(open, direction, http_progress::body);
  if (options_.files_within_limits && limit != 0) {
    if (before >= limit) return;
    bytes = bytes.first(static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), limit - before)));
  }
  if (request && open.upload != nullptr) {
    uploading_ = &open;
    open.upload->consume(bytes, *this);
    uploading_ = nullptr;
  } else {
    body_file(open, direction, bytes, 0);
  }
}

// Content-Disposition, or else the path, names what a body holds.
std::string HttpSession::file_name(const HttpTransaction& transaction, Direction direction) const {
  if (const auto* disposition = transaction.side(direction).find("Content-Disposition"))
    if (auto name = header_parameter(disposition->value, "filename")) return *name;
  return transaction.path;
}

void HttpSession::body_file(Open& open, Direction direction, Bytes bytes, std::uint64_t lost) {
  auto& transaction = *open.transaction;
  auto& side = transaction.side(direction);
  if (bytes.empty() && lost == 0) return;
  if (side.files.empty()) {
    HttpFile& fresh = side.files.emplace_back();
    fresh.id = files_++;
    fresh.name = file_name(transaction, direction);
  }
  HttpFile& file = side.files.front();
  file.size += lost;
  FilePart part{file.id, file.name, file.size, bytes, lost, false, false};
  file.size += bytes.size();
  if (output_ != nullptr) output_->file(&transaction, direction, part);
}

void HttpSession::end_file(Open& open, Direction direction, HttpFile& file, bool truncated) {
  if (!std::exchange(file.open, false) || output_ == nullptr) return;
  output_->file(open.transaction.get(), direction, {file.id, file.name, file.size, {}, 0, true, truncated});
}

void HttpSession::close_files(Open& open, Direction direction, bool truncated) {
  if (open.transaction == nullptr) return;
  for (auto& file : open.transaction->side(direction).files) end_file(open, direction, file, truncated);
}

void HttpSession::part_begin(std::string_view file_name, std::string_view) {
  static constexpr std::size_t files_most = 256;  // of one upload
  auto& files = uploading_->transaction->side(Direction::to_server).files;
  if (files.size() >= files_most) return;
  HttpFile& file = files.emplace_back();
  file.id = files_++;
  file.name = file_name;
  // Longer than a path may be on Linux.
  static constexpr std::size_t name_most = 4'096;
  if (file_name.size() > name_most) uploading_->transaction->raise(PacketEvent::http_file_name_too_long);
}

void HttpSession::part_wrong(MultipartFault fault) {
  uploading_->transaction->raise(fault == MultipartFault::no_data ? PacketEvent::http_multipart_no_filedata
                                                                  : PacketEvent::http_multipart_invalid_header);
}

void HttpSession::part_data(Bytes bytes) {
  auto& files = uploading_->transaction->side(Direction::to_server).files;
  if (files.empty() || !files.back().open) return;
  HttpFile& file = files.back();
  keep(file.data, bytes, options_.request_body_limit);
  const FilePart part{file.id, file.name, file.size, bytes, 0, false, false};
  file.size += bytes.size();
  if (output_ != nullptr) output_->file(uploading_->transaction.get(), Direction::to_server, part);
}

void HttpSession::part_end(bool whole) {
  auto& files = uploading_->transaction->side(Direction::to_server).files;
  if (!files.empty()) end_file(*uploading_, Direction::to_server, files.back(), !whole);
}

}  // namespace tocsin::collectors
