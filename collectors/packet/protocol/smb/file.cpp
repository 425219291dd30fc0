// Files that SMB carries: put together from WRITE requests and READ responses, in whatever order they come.

#include <algorithm>

#include "collectors/packet/protocol/smb/command.h"
#include "collectors/packet/protocol/smb/session.h"

namespace tocsin::collectors {

std::string SmbSession::name_of(const SmbFileId& file) {
  const auto* name = names_.find(file);
  return name == nullptr ? "<unknown>" : *name;
}

SmbTransaction* SmbSession::find_file(const SmbFileId& file, Direction direction) noexcept {
  for (auto& each : open_)
    if (const auto* found = each->as<SmbFile>())
      if (found->direction == direction && found->file == file) return each.get();
  return nullptr;
}

SmbTransaction& SmbSession::file(const SmbFileId& file, Direction direction, const SmbHeader& header,
                                 ParserOutput& output) {
  if (auto* found = find_file(file, direction)) return *found;
  const bool request = direction == Direction::to_server;
  const auto command = header.version == 1 ? (request ? smb1_command::write_andx : smb1_command::read_andx)
                                           : (request ? smb2_command::write : smb2_command::read);
  auto& fresh = open(header, command, output);
  fresh.message = 0;
  SmbFile detail;
  detail.file = file;
  detail.direction = direction;
  detail.id = files_++;
  detail.name = name_of(file);
  if (const auto* tree = trees_.find(tree_key(header))) detail.share = tree->name;
  fresh.detail = std::move(detail);
  return fresh;
}

void SmbSession::emit(SmbTransaction& transaction, Bytes bytes, std::uint64_t gap, ParserOutput& output) {
  auto& file = *transaction.as<SmbFile>();
  file.next += gap;
  output.file(&transaction, file.direction, {file.id, file.name, file.next, bytes, gap, false, false});
  file.next += bytes.size();
  if (file.kept.size() < options_.file_inspected_most) {
    const std::size_t count = std::min<std::size_t>(bytes.size(), options_.file_inspected_most - file.kept.size());
    file.kept.insert(file.kept.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count));
  }
}

// Hands on what has become next; `all`: also what lies behind losses.
void SmbSession::drain(SmbTransaction& transaction, bool all, ParserOutput& output) {
  auto& file = *transaction.as<SmbFile>();
  while (!file.early.empty()) {
    const std::uint64_t offset = file.early.begin()->first;
    if (offset > file.next && !all) return;
    const auto bytes = std::move(file.early.begin()->second.bytes);
    file.early.erase(file.early.begin());
    file.early_size -= bytes.size();
    if (offset + bytes.size() <= file.next) continue;
    const std::uint64_t gap = offset > file.next ? offset - file.next : 0;
    const std::uint64_t known = offset < file.next ? file.next - offset : 0;
    emit(transaction, Bytes(bytes).subspan(known), gap, output);
  }
}

void SmbSession::chunk(SmbTransaction& transaction, std::uint64_t offset, Bytes bytes, ParserOutput& output) {
  auto& file = *transaction.as<SmbFile>();
  if (file.ended || bytes.empty()) return;
  if (offset > ~std::uint64_t{0} - bytes.size() - file.early_size) return;  // no file is that long
  if (offset > file.next) {
    if (file.early_size + bytes.size() > options_.early_most || file.early.size() >= options_.early_count_most) {
      const bool reading = file.direction == Direction::to_client;
      const bool many = file.early.size() >= options_.early_count_most;
      transaction.events.set(static_cast<std::size_t>(many      ? reading ? PacketEvent::smb_read_queue_cnt_exceeded
                                                                          : PacketEvent::smb_write_queue_cnt_exceeded
                                                      : reading ? PacketEvent::smb_read_queue_size_exceeded
                                                                : PacketEvent::smb_write_queue_size_exceeded));
      drain(transaction, true, output);
      if (offset > file.next) {
        emit(transaction, bytes, offset - file.next, output);
        output.progressed(transaction, file.direction);
        return;
      }
    } else {
      // Pieces of one message follow each other.
      auto place = file.early.upper_bound(offset);
      if (place != file.early.begin()) {
        auto& before = std::prev(place)->second.bytes;
        if (std::prev(place)->first + before.size() == offset) {
          before.insert(before.end(), bytes.begin(), bytes.end());
          file.early_size += bytes.size();
          return;
        }
      }
      auto& kept = file.early[offset].bytes;
      if (kept.size() >= bytes.size()) return;
      file.early_size += bytes.size() - kept.size();
      kept.assign(bytes.begin(), bytes.end());
      return;
    }
  }
  if (offset < file.next) {
    transaction.events.set(static_cast<std::size_t>(PacketEvent::smb_file_overlap));
    const std::uint64_t known = file.next - offset;
    if (known >= bytes.size()) {
      output.progressed(transaction, file.direction);
      return;
    }
    bytes = bytes.subspan(known);
  }
  emit(transaction, bytes, 0, output);
  drain(transaction, false, output);
  output.progressed(transaction, file.direction);
}

void SmbSession::end_file(SmbTransaction& transaction, bool truncated, ParserOutput& output) {
  auto* file = transaction.as<SmbFile>();
  if (file == nullptr || file->ended) return;
  drain(transaction, true, output);
  file->ended = true;
  output.file(&transaction, file->direction, {file->id, file->name, file->next, {}, 0, true, truncated});
}

void SmbSession::close_file(const SmbFileId& file, ParserOutput& output) {
  for (const auto direction : {Direction::to_server, Direction::to_client}) {
    auto* found = find_file(file, direction);
    if (found == nullptr) continue;
    end_file(*found, false, output);
    found->status = smb_status::success;
    found->dos_error = false;
    found->done = {true, true};
    output.progressed(*found, opposite(direction));
    moved(*found, direction, output);
  }
}

void SmbSession::write(const SmbHeader& header, const SmbPayload& payload, Bytes data, ParserOutput& output) {
  if (is_pipe(header, data)) {
    pipe_request(header, header.command, data, output);
    return;
  }
  auto& transaction = file(payload.file, Direction::to_server, header, output);
  chunk(transaction, payload.offset, data, output);
}

void SmbSession::read(const SmbHeader& header, const Reading& reading, Bytes data, ParserOutput& output) {
  if (is_pipe(header, data)) {
    pipe_response(header, header.command, reading.file, data, output);
    return;
  }
  auto& transaction = file(reading.file, Direction::to_client, header, output);
  chunk(transaction, reading.offset, data, output);
}

SmbSession::Plan SmbSession::begin_payload(Direction direction, const SmbHeader& header, const SmbPayload& payload,
                                           ParserOutput& output) {
  // What goes through pipes is wanted whole. Calls come in small units, so a large one without a known tree is a file.
  static constexpr std::uint64_t unit_most = 8'192;
  const auto* tree = trees_.find(tree_key(header));
  if (tree != nullptr ? tree->pipe : payload.length <= unit_most) return Plan::whole;
  auto& stream = stream_[index(direction)];
  if (direction == Direction::to_server) {
    if (payload.file.chained()) return Plan::skip;
    stream.transaction = &file(payload.file, direction, header, output);
    stream.offset = payload.offset;
    return Plan::pieces;
  }
  if (header.status != smb_status::success && header.status != smb_status::buffer_overflow) return Plan::skip;
  const auto reading = reads_.take(header.message);
  if (!reading) return Plan::skip;
  stream.transaction = &file(reading->file, direction, header, output);
  stream.offset = reading->offset;
  return Plan::pieces;
}

void SmbSession::payload(Direction direction, Bytes bytes, ParserOutput& output) {
  auto& stream = stream_[index(direction)];
  if (stream.transaction == nullptr) return;
  const std::uint64_t offset = stream.offset;
  stream.offset += bytes.size();
  chunk(*stream.transaction, offset, bytes, output);
}

void SmbSession::lose_payload(Direction direction, std::uint64_t count, ParserOutput& output) {
  auto& stream = stream_[index(direction)];
  if (stream.transaction == nullptr) return;
  stream.offset += count;
  auto& file = *stream.transaction->as<SmbFile>();
  if (file.ended || stream.offset <= file.next || stream.offset - count > file.next) return;
  emit(*stream.transaction, {}, stream.offset - file.next, output);
}

}  // namespace tocsin::collectors
