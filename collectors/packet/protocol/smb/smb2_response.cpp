// Responses of SMB2 and SMB3 (MS-SMB2 2.2).

#include <algorithm>

#include "collectors/packet/protocol/smb/command.h"
#include "collectors/packet/protocol/smb/session.h"
#include "collectors/packet/protocol/smb/time.h"

namespace tocsin::collectors {

namespace {

Bytes part(Bytes bytes, std::size_t place, std::size_t size) noexcept {
  if (place > bytes.size()) return {};
  return bytes.subspan(place, std::min(size, bytes.size() - place));
}

}  // namespace

void SmbSession::response2(const SmbHeader& header, Bytes bytes, ParserOutput& output) {
  ByteReader body(bytes.subspan(SmbHeader::size2));
  const bool success = header.status == smb_status::success;
  switch (header.command) {
    case smb2_command::negotiate: return negotiated2(header, body, output);
    case smb2_command::read: return read2(header, bytes, output);
    case smb2_command::control:
      if (controlled2(header, bytes, body, output)) return;
      break;
    case smb2_command::tree_disconnect: trees_.take(tree_key(header)); break;
    default: break;
  }
  auto* transaction = find(header.command, header.message);
  if (transaction == nullptr) return;
  if (auto* tree = transaction->as<SmbTree>(); tree != nullptr && success) {
    body.skip(2);
    tree->kind = body.u8();
    if (body.ok()) tree->pipe = tree->kind == 2;
    else transaction->events.set(static_cast<std::size_t>(PacketEvent::smb_malformed_data));
    transaction->tree = header.tree;
    transaction->session = header.session;
    trees_.put(tree_key(header), Tree{tree->name, tree->pipe});
  } else if (transaction->as<SmbCreation>() != nullptr && success) {
    created2(*transaction, body);
  } else if (transaction->as<SmbLogon>() != nullptr) {
    transaction->session = header.session;
  }
  answer(*transaction, header, output);
}

void SmbSession::negotiated2(const SmbHeader& header, ByteReader body, ParserOutput& output) {
  body.skip(4);
  const std::uint16_t dialect = body.u16_little();
  body.skip(2);
  const auto server = smb2_file_id(body.take(16));
  body.skip(8);
  const std::uint32_t read_most = body.u32_little();
  const std::uint32_t write_most = body.u32_little();
  // A client that speaks both is answered in SMB2 to its SMB1 request.
  SmbTransaction* transaction = nullptr;
  for (auto& each : open_)
    if (transaction == nullptr && each->as<SmbNegotiation>() != nullptr) transaction = each.get();
  if (body.ok() && header.status == smb_status::success) {
    agreement_->dialect = smb2_dialect_name(dialect);
    agreement_->read_most = read_most;
    agreement_->write_most = write_most;
    if (transaction != nullptr) transaction->as<SmbNegotiation>()->server = server;
  } else if (header.status == smb_status::success) {
    raise(PacketEvent::smb_malformed_data, output);
  }
  if (transaction != nullptr) answer(*transaction, header, output);
}

void SmbSession::created2(SmbTransaction& transaction, ByteReader body) {
  auto& creation = *transaction.as<SmbCreation>();
  body.skip(8);
  for (auto& time : creation.times) time = smb_unix_seconds(body.u64_little());
  body.skip(8);
  creation.size = body.u64_little();
  body.skip(8);
  const auto file = smb2_file_id(body.take(16));
  if (!body.ok()) {
    transaction.events.set(static_cast<std::size_t>(PacketEvent::smb_malformed_data));
    return;
  }
  creation.file = file;
  names_.put(file, creation.name);
}

bool SmbSession::controlled2(const SmbHeader& header, Bytes bytes, ByteReader body, ParserOutput& output) {
  body.skip(4);
  const std::uint32_t function = body.u32_little();
  const auto file = smb2_file_id(body.take(16));
  body.skip(8);
  const std::size_t place = body.u32_little();
  const std::size_t size = body.u32_little();
  if (!body.ok() || function != smb_pipe_transceive) return false;
  return pipe_response(header, header.command, file, part(bytes, place, size), output);
}

void SmbSession::read2(const SmbHeader& header, Bytes bytes, ParserOutput& output) {
  if (header.status == smb_status::pending) return;
  const auto reading = reads_.take(header.message);
  if (header.status == smb_status::end_of_file) {
    if (!reading) return;
    if (auto* found = find_file(reading->file, Direction::to_client)) end_file(*found, false, output);
    return;
  }
  if (header.status != smb_status::success && header.status != smb_status::buffer_overflow) return;
  const auto payload = smb_payload(header, bytes);
  if (!payload) return raise(PacketEvent::smb_malformed_data, output);
  if (!reading) return;
  read(header, *reading, part(bytes, payload->place, payload->length), output);
}

}  // namespace tocsin::collectors
