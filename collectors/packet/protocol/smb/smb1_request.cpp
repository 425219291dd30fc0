// Requests of SMB1 (MS-CIFS 2.2.4, MS-SMB 2.2.4).

#include <algorithm>

#include "collectors/packet/protocol/smb/andx.h"
#include "collectors/packet/protocol/smb/command.h"
#include "collectors/packet/protocol/smb/session.h"

namespace tocsin::collectors {

namespace {

// Places in a message count from its header.
Bytes part(Bytes bytes, std::size_t place, std::size_t size) noexcept {
  if (place > bytes.size()) return {};
  return bytes.subspan(place, std::min(size, bytes.size() - place));
}

// Their answers are told by the file or call they belong to.
bool makes_transaction(std::uint16_t command) noexcept {
  using namespace smb1_command;
  return command != read_andx && command != write_andx && command != trans && command != trans2;
}

}  // namespace

void SmbSession::request1(const SmbHeader& header, Bytes bytes, ParserOutput& output) {
  std::size_t at = SmbHeader::size1;
  std::uint16_t command = header.command;
  while (true) {
    request1_one(header, command, bytes, at, output);
    const auto next = next_andx(command, bytes, at);
    if (!next) return;
    command = next->command;
    at = next->place;
  }
}

void SmbSession::request1_one(const SmbHeader& header, std::uint16_t command, Bytes bytes, std::size_t at,
                              ParserOutput& output) {
  ByteReader words(bytes.subspan(at));
  bool taken = false;
  bool wrong = false;
  const auto judge = [&](bool good) { taken = good, wrong = !good; };
  switch (command) {
    case smb1_command::negotiate: judge(negotiate1(header, words, output)); break;
    case smb1_command::session_setup: judge(logon1(header, bytes, at, output)); break;
    case smb1_command::tree_connect: judge(connect1(header, bytes, at, output)); break;
    case smb1_command::nt_create: judge(create1(header, bytes, at, output)); break;
    case smb1_command::rename: judge(rename1(header, words, output)); break;
    case smb1_command::trans: judge(trans1(header, bytes, at, output)); break;
    case smb1_command::trans2: taken = trans2_request1(header, bytes, at, output); break;
    case smb1_command::write:
    case smb1_command::write_and_close:
    case smb1_command::write_andx: wrong = !write1(header, command, bytes, at, output); break;
    case smb1_command::tree_disconnect: trees_.take(tree_key(header)); break;
    case smb1_command::read_andx: {
      const std::uint8_t count = words.u8();
      words.skip(4);
      const auto file = smb1_file_id(words.u16_little(), header.session);
      std::uint64_t offset = words.u32_little();
      words.skip(10);
      if (count == 12) offset |= static_cast<std::uint64_t>(words.u32_little()) << 32;
      wrong = !words.ok();
      if (words.ok()) reads_.put(header.message, {file, offset});
      break;
    }
    case smb1_command::close: {
      words.skip(1);
      const auto file = smb1_file_id(words.u16_little(), header.session);
      wrong = !words.ok();
      if (words.ok()) close_file(file, output);
      break;
    }
    default: break;
  }
  if (taken) return;
  if (wrong && !makes_transaction(command)) raise(PacketEvent::smb_malformed_data, output);
  if (!makes_transaction(command)) return;
  auto& transaction = open(header, command, output);
  if (wrong) transaction.events.set(static_cast<std::size_t>(PacketEvent::smb_malformed_data));
  transaction.done[0] = true;
  // Nobody answers these.
  transaction.done[1] = command == smb1_command::nt_cancel || command == smb1_command::trans2_secondary ||
                        command == smb1_command::locking_andx;
  moved(transaction, Direction::to_server, output);
}

bool SmbSession::negotiate1(const SmbHeader& header, ByteReader words, ParserOutput& output) {
  words.skip(words.u8() * std::size_t{2});
  const std::size_t size = words.u16_little();
  if (!words.ok()) return false;
  ByteReader list(words.rest().first(std::min(size, words.remaining())));
  SmbNegotiation detail;
  bool malformed = false;
  static constexpr std::size_t dialects_most = 64;
  while (list.remaining() > 0 && detail.dialects.size() < dialects_most) {
    if (list.u8() != 2) malformed = true;  // "a dialect follows"
    detail.dialects.push_back(smb_take_text(list, false));
    if (detail.dialects.back().empty()) malformed = true;
  }
  auto& transaction = open(header, header.command, output);
  for (const auto& each : open_)
    if (each.get() != &transaction && each->as<SmbNegotiation>() != nullptr)
      transaction.events.set(static_cast<std::size_t>(PacketEvent::smb_duplicate_negotiate));
  if (malformed) transaction.events.set(static_cast<std::size_t>(PacketEvent::smb_negotiate_malformed_dialects));
  transaction.detail = std::move(detail);
  transaction.done[0] = true;
  moved(transaction, Direction::to_server, output);
  return true;
}

bool SmbSession::logon1(const SmbHeader& header, Bytes bytes, std::size_t at, ParserOutput& output) {
  ByteReader reader(bytes.subspan(at));
  const std::uint8_t count = reader.u8();
  reader.skip(4 + 6 + 4);
  std::size_t blob = 0, passwords = 0;
  if (count == 12) {  // extended security: a blob
    blob = reader.u16_little();
    reader.skip(8);
  } else if (count == 13) {  // two answers to the challenge
    passwords = reader.u16_little();
    passwords += reader.u16_little();
    reader.skip(8);
  } else {
    return false;
  }
  reader.skip(2);  // size of what follows
  if (!reader.ok()) return false;
  auto& transaction = open(header, smb1_command::session_setup, output);
  SmbLogon detail;
  if (count == 12) {
    logon_request(detail, transaction, reader.take(std::min(blob, reader.remaining())));
  } else {
    reader.skip(std::min(passwords, reader.remaining()));
    NtlmLogon logon;
    logon.user = smb_take_text(reader, header.unicode, at);
    logon.domain = smb_take_text(reader, header.unicode, at);
    if (!logon.user.empty()) detail.ntlm = std::move(logon);
  }
  if (reader.remaining() > 0) {
    SmbHost host;
    host.system = smb_take_text(reader, header.unicode, at);
    host.manager = smb_take_text(reader, header.unicode, at);
    detail.request = std::move(host);
  }
  transaction.detail = std::move(detail);
  transaction.done[0] = true;
  moved(transaction, Direction::to_server, output);
  return true;
}

bool SmbSession::connect1(const SmbHeader& header, Bytes bytes, std::size_t at, ParserOutput& output) {
  ByteReader reader(bytes.subspan(at));
  if (reader.u8() != 4) return false;
  reader.skip(4 + 2);
  const std::size_t password = reader.u16_little();
  reader.skip(2);
  reader.skip(password);
  if (!reader.ok()) return false;
  SmbTree detail;
  detail.name = smb_take_text(reader, header.unicode, at);
  detail.service_asked = smb_take_text(reader, false);
  detail.pipe = detail.service_asked == "IPC" || detail.name.ends_with("\\IPC$");
  auto& transaction = open(header, smb1_command::tree_connect, output);
  transaction.detail = std::move(detail);
  transaction.done[0] = true;
  moved(transaction, Direction::to_server, output);
  return true;
}

bool SmbSession::create1(const SmbHeader& header, Bytes bytes, std::size_t at, ParserOutput& output) {
  ByteReader reader(bytes.subspan(at));
  if (reader.u8() != 24) return false;
  reader.skip(4 + 1);
  const std::size_t size = reader.u16_little();
  reader.skip(4 + 4 + 4 + 8 + 4 + 4);
  SmbCreation detail;
  detail.disposition = reader.u32_little();
  const std::uint32_t options = reader.u32_little();
  reader.skip(4 + 1 + 2);
  if (header.unicode && (at + reader.position()) % 2 != 0) reader.skip(1);
  if (!reader.ok()) return false;
  detail.delete_on_close = (options & 0x1000U) != 0;
  detail.directory = (options & 0x01U) != 0;
  detail.name = smb_text(reader.take(std::min(size, reader.remaining())), header.unicode);
  auto& transaction = open(header, smb1_command::nt_create, output);
  transaction.detail = std::move(detail);
  transaction.done[0] = true;
  moved(transaction, Direction::to_server, output);
  return true;
}

bool SmbSession::write1(const SmbHeader& header, std::uint16_t command, Bytes bytes, std::size_t at,
                        ParserOutput& output) {
  SmbPayload payload;
  if (command == smb1_command::write_andx) {
    const auto found = smb1_write_payload(header, ByteReader(bytes.subspan(at)));
    if (!found) return false;
    payload = *found;
  } else {
    ByteReader reader(bytes.subspan(at));
    const std::uint8_t count = reader.u8();
    payload.file = smb1_file_id(reader.u16_little(), header.session);
    payload.length = reader.u16_little();
    payload.offset = reader.u32_little();
    // WRITE: an estimate, the size, a mark and the length. WRITE_AND_CLOSE: a time, the size, a pad.
    reader.seek(std::min<std::size_t>(1 + count * std::size_t{2} + 2 + (command == smb1_command::write ? 3 : 1),
                                      bytes.size() - at));
    if (!reader.ok()) return false;
    payload.place = at + reader.position();
  }
  SmbHeader carried = header;
  carried.command = command;
  write(carried, payload, part(bytes, payload.place, payload.length), output);
  if (command == smb1_command::write_and_close) close_file(payload.file, output);
  return true;
}

bool SmbSession::trans1(const SmbHeader& header, Bytes bytes, std::size_t at, ParserOutput& output) {
  const auto parts = parse_trans_request(bytes, at);
  if (!parts) return false;
  static constexpr std::uint16_t pipe_transact = 0x26;
  if (parts->setup.size() < 2 || parts->setup[0] != pipe_transact) return true;
  const auto file = smb1_file_id(parts->setup[1], header.session);
  pipe_files_.put(header.message, file);
  pipe_request(header, header.command, parts->data, output);
  return true;
}

// Renaming and deleting (MS-CIFS 2.2.6.7, 2.2.6.9); other kinds of information make no transaction.
bool SmbSession::trans2_request1(const SmbHeader& header, Bytes bytes, std::size_t at, ParserOutput& output) {
  const auto parts = parse_trans_request(bytes, at);
  if (!parts) {
    raise(PacketEvent::smb_malformed_data, output);
    return false;
  }
  static constexpr std::uint16_t set_path = 6, set_file = 8, disposition = 1013, rename = 1010;
  const std::uint16_t subcommand = parts->setup.empty() ? std::uint16_t{0} : parts->setup[0];
  if (subcommand != set_path && subcommand != set_file) return false;
  ByteReader reader(parts->parameters);
  std::optional<SmbFileId> file;
  if (subcommand == set_file) file = smb1_file_id(reader.u16_little(), header.session);
  const std::uint16_t level = reader.u16_little();
  if (level != disposition && level != rename) return false;
  std::string name;
  if (file) {
    name = name_of(*file);
  } else {
    reader.skip(4);
    name = smb_text(reader.rest(), header.unicode);
  }
  ByteReader data(parts->data);
  decltype(SmbTransaction::detail) detail;
  if (level == disposition) {
    detail = SmbDisposition{std::move(name), (data.u8() & 1U) != 0, subcommand, level, file};
  } else {
    data.skip(8);
    const std::size_t size = data.u32_little();
    detail = SmbRename{std::move(name), smb_text(data.take(std::min(size, data.remaining())), header.unicode), file};
  }
  if (!reader.ok() || !data.ok()) {
    raise(PacketEvent::smb_malformed_data, output);
    return false;
  }
  auto& transaction = open(header, header.command, output);
  transaction.detail = std::move(detail);
  transaction.done[0] = true;
  moved(transaction, Direction::to_server, output);
  return true;
}

bool SmbSession::rename1(const SmbHeader& header, ByteReader words, ParserOutput& output) {
  const std::size_t begin = SmbHeader::size1;
  words.skip(words.u8() * std::size_t{2});
  words.skip(2 + 1);
  SmbRename detail;
  detail.from = smb_take_text(words, header.unicode, begin);
  words.skip(1);
  detail.to = smb_take_text(words, header.unicode, begin);
  if (!words.ok()) return false;
  auto& transaction = open(header, header.command, output);
  transaction.detail = std::move(detail);
  transaction.done[0] = true;
  moved(transaction, Direction::to_server, output);
  return true;
}

}  // namespace tocsin::collectors
