// Responses of SMB1 (MS-CIFS 2.2.4, MS-SMB 2.2.4).

#include <algorithm>

#include "collectors/packet/protocol/smb/andx.h"
#include "collectors/packet/protocol/smb/command.h"
#include "collectors/packet/protocol/smb/session.h"
#include "collectors/packet/protocol/smb/time.h"

namespace tocsin::collectors {

void SmbSession::response1(const SmbHeader& header, Bytes bytes, ParserOutput& output) {
  std::size_t at = SmbHeader::size1;
  std::uint16_t command = header.command;
  while (true) {
    response1_one(header, command, bytes, at, output);
    const auto next = next_andx(command, bytes, at);
    if (!next) return;
    command = next->command;
    at = next->place;
  }
}

void SmbSession::response1_one(const SmbHeader& header, std::uint16_t command, Bytes bytes, std::size_t at,
                               ParserOutput& output) {
  ByteReader words(bytes.subspan(at));
  const bool success = header.status == smb_status::success;
  if (command == smb1_command::trans) return trans_answered1(header, bytes, at, output);
  if (command == smb1_command::read_andx) {
    const auto reading = reads_.take(header.message);
    if (!reading || (!success && header.status != smb_status::buffer_overflow)) return;
    const auto payload = smb1_read_payload(words);
    if (!payload) return raise(PacketEvent::smb_malformed_data, output);
    if (payload->place > bytes.size()) return;
    const std::size_t size = std::min<std::size_t>(payload->length, bytes.size() - payload->place);
    SmbHeader carried = header;
    carried.command = command;
    return read(carried, *reading, bytes.subspan(payload->place, size), output);
  }
  if (command == smb1_command::tree_disconnect) trees_.take(tree_key(header));
  auto* transaction = find(command, header.message);
  if (transaction == nullptr) return;
  if (transaction->as<SmbNegotiation>() != nullptr) negotiated1(*transaction, words);
  else if (transaction->as<SmbLogon>() != nullptr) logged_on1(header, *transaction, bytes, at);
  else if (transaction->as<SmbTree>() != nullptr && success) connected1(header, *transaction, words);
  else if (transaction->as<SmbCreation>() != nullptr && success) created1(header, *transaction, words);
  answer(*transaction, header, output);
}

void SmbSession::negotiated1(SmbTransaction& transaction, ByteReader words) {
  auto& negotiation = *transaction.as<SmbNegotiation>();
  const auto wrong = [&] {
    transaction.events.set(static_cast<std::size_t>(PacketEvent::smb_negotiate_malformed_dialects));
  };
  const std::uint8_t count = words.u8();
  const std::size_t chosen = words.u16_little();
  if (!words.ok() || chosen >= negotiation.dialects.size()) return wrong();
  agreement_->dialect = negotiation.dialects[chosen];
  words.seek(1 + count * std::size_t{2} + 2);
  const Bytes server = words.take(16);
  if (words.ok() && count == 17) negotiation.server = smb2_file_id(server);
}

void SmbSession::logged_on1(const SmbHeader& header, SmbTransaction& transaction, Bytes bytes, std::size_t at) {
  ByteReader reader(bytes.subspan(at));
  const std::uint8_t count = reader.u8();
  if (count != 3 && count != 4) return;
  reader.skip(4 + 2);
  const std::size_t blob = count == 4 ? reader.u16_little() : 0;
  reader.skip(2);
  reader.skip(blob);
  if (!reader.ok()) return;
  transaction.session = header.session;
  if (reader.remaining() == 0) return;
  SmbHost host;
  host.system = smb_take_text(reader, header.unicode, at);
  host.manager = smb_take_text(reader, header.unicode, at);
  transaction.as<SmbLogon>()->response = std::move(host);
}

void SmbSession::connected1(const SmbHeader& header, SmbTransaction& transaction, ByteReader words) {
  auto& tree = *transaction.as<SmbTree>();
  words.skip(words.u8() * std::size_t{2});
  words.skip(2);
  tree.service = smb_take_text(words, false);
  if (words.ok()) tree.pipe = *tree.service == "IPC";
  else transaction.events.set(static_cast<std::size_t>(PacketEvent::smb_malformed_data));
  transaction.tree = header.tree;
  transaction.session = header.session;
  trees_.put(tree_key(header), Tree{tree.name, tree.pipe});
}

void SmbSession::created1(const SmbHeader& header, SmbTransaction& transaction, ByteReader words) {
  auto& creation = *transaction.as<SmbCreation>();
  if (words.u8() < 34) return;
  words.skip(4 + 1);
  const auto file = smb1_file_id(words.u16_little(), header.session);
  words.skip(4);
  for (auto& time : creation.times) time = smb_unix_seconds(words.u64_little());
  words.skip(4 + 8);
  creation.size = words.u64_little();
  if (!words.ok()) {
    transaction.events.set(static_cast<std::size_t>(PacketEvent::smb_malformed_data));
    return;
  }
  creation.file = file;
  names_.put(file, creation.name);
}

void SmbSession::trans_answered1(const SmbHeader& header, Bytes bytes, std::size_t at, ParserOutput& output) {
  const auto file = pipe_files_.take(header.message);
  if (!file) return;
  const auto parts = parse_trans_response(bytes, at);
  if (parts) pipe_response(header, header.command, *file, parts->data, output);
}

}  // namespace tocsin::collectors
