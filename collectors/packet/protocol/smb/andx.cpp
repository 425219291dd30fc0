#include "collectors/packet/protocol/smb/andx.h"

#include <algorithm>

#include "collectors/packet/protocol/smb/command.h"

namespace tocsin::collectors {

namespace {

Bytes part(Bytes bytes, std::size_t place, std::size_t size) noexcept {
  if (place > bytes.size()) return {};
  return bytes.subspan(place, std::min(size, bytes.size() - place));
}

bool is_andx(std::uint16_t command) noexcept {
  using namespace smb1_command;
  return command == locking_andx || command == open_andx || command == read_andx || command == write_andx ||
         command == session_setup || command == logoff_andx || command == tree_connect || command == nt_create;
}

}  // namespace

std::optional<SmbNextCommand> next_andx(std::uint16_t command, Bytes bytes, std::size_t at) noexcept {
  if (!is_andx(command)) return std::nullopt;
  ByteReader reader(bytes.subspan(at));
  if (reader.u8() < 2) return std::nullopt;
  SmbNextCommand out;
  out.command = reader.u8();
  reader.skip(1);
  out.place = reader.u16_little();
  if (!reader.ok() || out.command == smb1_command::none || out.place <= at || out.place >= bytes.size()) return {};
  return out;
}

std::optional<SmbTransParts> parse_trans_request(Bytes bytes, std::size_t at) {
  ByteReader reader(bytes.subspan(at));
  SmbTransParts out;
  if (reader.u8() < 14) return std::nullopt;
  reader.skip(8 + 2 + 2 + 4 + 2);
  const std::size_t parameters = reader.u16_little();
  const std::size_t parameters_place = reader.u16_little();
  const std::size_t data = reader.u16_little();
  const std::size_t data_place = reader.u16_little();
  const std::size_t setup = reader.u8();
  reader.skip(1);
  static constexpr std::size_t setup_most = 8;
  for (std::size_t i = 0; i < std::min(setup, setup_most); ++i) out.setup.push_back(reader.u16_little());
  if (!reader.ok()) return std::nullopt;
  out.parameters = part(bytes, parameters_place, parameters);
  out.data = part(bytes, data_place, data);
  return out;
}

std::optional<SmbTransParts> parse_trans_response(Bytes bytes, std::size_t at) {
  ByteReader reader(bytes.subspan(at));
  SmbTransParts out;
  if (reader.u8() < 10) return std::nullopt;
  reader.skip(6);
  const std::size_t parameters = reader.u16_little();
  const std::size_t parameters_place = reader.u16_little();
  reader.skip(2);
  const std::size_t data = reader.u16_little();
  const std::size_t data_place = reader.u16_little();
  if (!reader.ok()) return std::nullopt;
  out.parameters = part(bytes, parameters_place, parameters);
  out.data = part(bytes, data_place, data);
  return out;
}

}  // namespace tocsin::collectors
