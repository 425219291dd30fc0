// Requests of SMB2 and SMB3 (MS-SMB2 2.2).

#include <algorithm>

#include "collectors/packet/protocol/smb/command.h"
#include "collectors/packet/protocol/smb/session.h"

namespace tocsin::collectors {

namespace {

// Places in a message count from its header.
Bytes part(Bytes bytes, std::size_t place, std::size_t size) noexcept {
  if (place > bytes.size() || size > bytes.size() - place) return {};
  return bytes.subspan(place, size);
}

// Commands whose answers are told by the file or call they belong to.
bool makes_transaction(std::uint16_t command) noexcept {
  using namespace smb2_command;
  return command != read && command != write && command != get_info && command != set_info;
}

}  // namespace

void SmbSession::request2(const SmbHeader& header, Bytes bytes, ParserOutput& output) {
  ByteReader body(bytes.subspan(SmbHeader::size2));
  bool taken = false;  // it has a transaction
  bool wrong = false;
  const auto judge = [&](bool good) { taken = good, wrong = !good; };
  switch (header.command) {
    case smb2_command::negotiate: judge(negotiate2(header, body, output)); break;
    case smb2_command::session_setup: judge(logon2(header, bytes, body, output)); break;
    case smb2_command::tree_connect: judge(connect2(header, bytes, body, output)); break;
    case smb2_command::create: judge(create2(header, bytes, body, output)); break;
    case smb2_command::control: judge(control2(header, bytes, body, output)); break;
    case smb2_command::set_info: taken = set_info2(header, bytes, body, output); break;
    case smb2_command::tree_disconnect: trees_.take(tree_key(header)); break;
    case smb2_command::read: {
      body.skip(4);
      body.skip(4);
      const std::uint64_t offset = body.u64_little();
      const auto file = smb2_file_id(body.take(16));
      if (body.ok()) reads_.put(header.message, {file, offset});
      else raise(PacketEvent::smb_malformed_data, output);
      break;
    }
    case smb2_command::write: {
      auto payload = smb_payload(header, bytes);
      if (!payload) raise(PacketEvent::smb_malformed_data, output);
      const auto& chained = chained_[0];
      if (payload && payload->file.chained() && chained && chained->file) payload->file = *chained->file;
      if (payload)
        write(header, *payload,
              part(bytes, payload->place,
                   std::min<std::size_t>(payload->length, bytes.size() - std::min(bytes.size(), payload->place))),
              output);
      break;
    }
    case smb2_command::close: {
      body.skip(8);
      const auto file = smb2_file_id(body.take(16));
      wrong = !body.ok();
      if (body.ok()) close_file(file, output);
      break;
    }
    default: break;
  }
  if (taken || !makes_transaction(header.command)) return;
  auto& transaction = open(header, header.command, output);
  if (wrong) transaction.events.set(static_cast<std::size_t>(PacketEvent::smb_malformed_data));
  transaction.done[0] = true;
  transaction.done[1] = header.command == smb2_command::cancel;  // nobody answers it
  moved(transaction, Direction::to_server, output);
}

bool SmbSession::negotiate2(const SmbHeader& header, ByteReader body, ParserOutput& output) {
  body.skip(2);
  const std::size_t count = body.u16_little();
  body.skip(8);
  SmbNegotiation detail;
  detail.client = smb2_file_id(body.take(16));
  body.skip(8);
  if (!body.ok()) return false;
  static constexpr std::size_t dialects_most = 64;
  for (std::size_t i = 0; i < std::min(count, dialects_most) && body.remaining() >= 2; ++i)
    detail.dialects.push_back(smb2_dialect_name(body.u16_little()));
  auto& transaction = open(header, header.command, output);
  transaction.detail = std::move(detail);
  transaction.done[0] = true;
  moved(transaction, Direction::to_server, output);
  return true;
}

bool SmbSession::logon2(const SmbHeader& header, Bytes bytes, ByteReader body, ParserOutput& output) {
  body.skip(12);
  const std::size_t place = body.u16_little();
  const std::size_t size = body.u16_little();
  if (!body.ok()) return false;
  auto& transaction = open(header, header.command, output);
  SmbLogon detail;
  logon_request(detail, transaction, part(bytes, place, size));
  transaction.detail = std::move(detail);
  transaction.done[0] = true;
  moved(transaction, Direction::to_server, output);
  return true;
}

bool SmbSession::connect2(const SmbHeader& header, Bytes bytes, ByteReader body, ParserOutput& output) {
  body.skip(4);
  const std::size_t place = body.u16_little();
  const std::size_t size = body.u16_little();
  if (!body.ok()) return false;
  SmbTree detail;
  detail.name = smb_text(part(bytes, place, size), true);
  detail.pipe = detail.name.ends_with("\\IPC$");
  auto& transaction = open(header, header.command, output);
  transaction.detail = std::move(detail);
  transaction.done[0] = true;
  moved(transaction, Direction::to_server, output);
  return true;
}

bool SmbSession::create2(const SmbHeader& header, Bytes bytes, ByteReader body, ParserOutput& output) {
  body.skip(36);
  SmbCreation detail;
  detail.disposition = body.u32_little();
  const std::uint32_t options = body.u32_little();
  const std::size_t place = body.u16_little();
  const std::size_t size = body.u16_little();
  if (!body.ok()) return false;
  detail.delete_on_close = (options & 0x1000U) != 0;
  detail.directory = (options & 0x01U) != 0;
  detail.file.wide = true;
  detail.name = smb_text(part(bytes, place, size), true);
  chained_[0] = Chained{detail.name, std::nullopt};
  auto& transaction = open(header, header.command, output);
  transaction.detail = std::move(detail);
  transaction.done[0] = true;
  moved(transaction, Direction::to_server, output);
  return true;
}

bool SmbSession::control2(const SmbHeader& header, Bytes bytes, ByteReader body, ParserOutput& output) {
  body.skip(4);
  const std::uint32_t function = body.u32_little();
  body.skip(16);
  const std::size_t place = body.u32_little();
  const std::size_t size = body.u32_little();
  if (!body.ok()) return false;
  if (function == smb_pipe_transceive && pipe_request(header, header.command, part(bytes, place, size), output))
    return true;
  auto& transaction = open(header, header.command, output);
  transaction.detail = SmbControl{function};
  transaction.done[0] = true;
  moved(transaction, Direction::to_server, output);
  return true;
}

// Renaming and deleting (MS-FSCC 2.4.11, 2.4.37); other kinds of information make no transaction.
bool SmbSession::set_info2(const SmbHeader& header, Bytes bytes, ByteReader body, ParserOutput& output) {
  body.skip(2);
  const std::uint8_t kind = body.u8();
  const std::uint8_t level = body.u8();
  const std::size_t size = body.u32_little();
  const std::size_t place = body.u16_little();
  body.skip(6);
  const auto file = smb2_file_id(body.take(16));
  if (!body.ok()) {
    raise(PacketEvent::smb_malformed_data, output);
    return false;
  }
  static constexpr std::uint8_t of_file = 1, rename = 10, disposition = 13;
  if (kind != of_file || (level != rename && level != disposition)) return false;
  ByteReader data(part(bytes, place, size));
  std::string name = name_of(file);
  if (file.chained() && chained_[0]) name = chained_[0]->name;
  decltype(SmbTransaction::detail) detail;
  if (level == rename) {
    data.skip(16);
    const std::size_t length = data.u32_little();
    const Bytes fresh = data.take(std::min(length, data.remaining()));
    detail = SmbRename{std::move(name), smb_text(fresh, true), file};
  } else {
    detail = SmbDisposition{std::move(name), data.u8() != 0, 0, level, file};
  }
  if (!data.ok()) {
    raise(PacketEvent::smb_malformed_data, output);
    return false;
  }
  auto& transaction = open(header, header.command, output);
  transaction.detail = std::move(detail);
  transaction.done[0] = true;
  moved(transaction, Direction::to_server, output);
  return true;
}

}  // namespace tocsin::collectors
